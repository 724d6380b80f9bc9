using MathNet.Numerics;
using Tessera.Tensors.Random;

namespace Tessera.Analysis;

/// <summary>
/// Uniform manifold approximation and projection (McInnes, Healy, Melville, "UMAP: Uniform Manifold Approximation and
/// Projection for Dimension Reduction", 2018): a layout of rows in the plane in which neighbours stay neighbours. The
/// edges of the <see cref="UmapGraph"/> pull their ends together, and points are pushed away from random other points,
/// in the schedule of umap-learn.
/// </summary>
/// <remarks>
/// The points start at the first two principal components of the rows; umap-learn starts from eigenvectors of the
/// graph's Laplacian. The layouts are as trustworthy (<c>tests/fixtures/analysis/README.md</c> has the numbers; Kobak,
/// Linderman, "Initialization is critical for preserving global data structure in both t-SNE and UMAP", 2021, find the
/// same). This start also places the parts of an unconnected graph, such as that of a codebook with 3 neighbours,
/// without extra rules.
/// </remarks>
/// <example><code>
/// var options = new UmapOptions { Neighbors = 3, Metric = DistanceMetric.Cosine };
/// double[] layout = Umap.Layout(codebook, columns: 64, options);
/// </code></example>
public static class Umap
{
    /// <summary>The minimum number of rows.</summary>
    internal const int LeastRows = 4;

    // Constants of umap-learn: the side of the initial layout, its jitter, the largest step of a coordinate, and the
    // term that keeps pushes finite.
    private const double StartSide = 10, StartJitter = 1e-4, LongestStep = 4, PushSoftening = 0.001;

    // Smaller squared distances count as 0, because a division by them would overflow.
    private const double Coincident = 1e-30;

    private const ulong StartStream = 0, PushStream = 1;

    /// <summary>
    /// Lays rows out in the plane. The layout is a function of the rows and the options. Equal rows are allowed, even
    /// if all rows are equal; they are placed near each other.
    /// </summary>
    /// <param name="rows"><c>[rows, columns]</c>, row-major, finite; at least 4 rows.</param>
    /// <param name="columns">Numbers in a row.</param>
    /// <param name="options">The options.</param>
    /// <param name="progress">Receives the part that is done, 0 to 1, after each epoch.</param>
    /// <param name="cancellation">Cancels the work before the next epoch.</param>
    /// <returns><c>[rows, 2]</c>, row-major, finite.</returns>
    /// <remarks>The cost is <c>rows^2 * columns + epochs * rows * neighbors</c>.</remarks>
    /// <exception cref="ArgumentException">
    /// There are too few rows, a number is not finite, or an option is out of range.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static double[] Layout(
        ReadOnlySpan<float> rows, int columns, UmapOptions options,
        IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        var points = Points.From(rows, columns, options.Metric, LeastRows);
        cancellation.ThrowIfCancellationRequested();
        UmapEdge[] edges = UmapGraph.Build(points, options.Neighbors);
        double[] layout = Start(points, options.Seed);
        int epochs = options.Epochs ?? (points.Count <= 10_000 ? 500 : 200);
        Spring[] springs = Springs(edges, epochs, options.NegativeSamples);
        var forces = new Forces(layout, options);
        for (int epoch = 0; epoch < epochs; epoch++)
        {
            cancellation.ThrowIfCancellationRequested();
            forces.Step = options.LearningRate * (1 - (double)epoch / epochs);
            foreach (ref Spring spring in springs.AsSpan()) forces.Move(ref spring, epoch);
            progress?.Report((epoch + 1.0) / epochs);
        }
        return layout;
    }

    /// <summary>
    /// Fits a and b of the curve <c>1 / (1 + a d^(2b))</c>, the degree to which points at distance d are neighbours in
    /// the layout. The target is 1 up to <paramref name="minDistance"/> and <c>exp(-(d - minDistance) / spread)</c>
    /// beyond; the fit is by least squares at 300 distances from 0 to 3 spreads, as in umap-learn.
    /// </summary>
    /// <param name="minDistance">0 to <paramref name="spread"/>.</param>
    /// <param name="spread">Above 0.</param>
    /// <exception cref="ArgumentException">An argument is out of range.</exception>
    public static (double A, double B) FitCurve(double minDistance, double spread)
    {
        new UmapOptions { MinDistance = minDistance, Spread = spread }.Check();
        // In units of the spread, the parameters are near 1, where the search starts.
        double[] distances = Generate.LinearSpaced(300, 0, 3);
        double near = minDistance / spread;
        double[] target = Array.ConvertAll(distances, d => d < near ? 1 : Math.Exp(-(d - near)));
        (double a, double b) = Fit.Curve(distances, target, (a, b, d) => 1 / (1 + a * Math.Pow(d, 2 * b)), 1, 1);
        return (a * Math.Pow(spread, -2 * b), b);
    }

    /// <summary>
    /// The initial layout: the first two principal components, each scaled to 0..10, with a small jitter that separates
    /// equal rows.
    /// </summary>
    private static double[] Start(Points points, ulong seed)
    {
        float[] rows = Array.ConvertAll(points.Values.ToArray(), value => (float)value);
        int axes = Math.Min(2, points.Columns);
        double[] places = Pca.Fit(rows, points.Columns, axes).Transform(rows);
        double[] layout = new double[points.Count * 2];
        double widest = 0;
        for (int axis = 0; axis < axes; axis++)
        {
            double least = double.PositiveInfinity, most = double.NegativeInfinity;
            for (int i = axis; i < places.Length; i += axes)
                (least, most) = (Math.Min(least, places[i]), Math.Max(most, places[i]));
            widest = Math.Max(widest, most - least);
            // Without variance along an axis, the positions differ by rounding errors only.
            if (most - least <= 1e-6 * widest) continue;
            for (int row = 0; row < points.Count; row++)
                layout[2 * row + axis] = StartSide * (places[row * axes + axis] - least) / (most - least);
        }
        var random = new CounterRandom(seed, StartStream);
        for (int i = 0; i < layout.Length; i++) layout[i] += StartJitter * random.Normal((ulong)i);
        return layout;
    }

    /// <summary>
    /// Each edge in both directions, sorted by its ends, without the edges that are too weak to pull once in all
    /// epochs.
    /// </summary>
    private static Spring[] Springs(UmapEdge[] edges, int epochs, int pushes)
    {
        double heaviest = edges.Max(edge => edge.Weight);
        return [.. edges
            .Where(edge => edge.Weight >= heaviest / epochs)
            .SelectMany(edge => new[] { edge, edge with { First = edge.Second, Second = edge.First } })
            .OrderBy(edge => (edge.First, edge.Second))
            .Select(edge => new Spring(edge.First, edge.Second, heaviest / edge.Weight, pushes))];
    }

    /// <summary>An edge that pulls once per period, with the number of pushes of its start per period.</summary>
    private struct Spring
    {
        private readonly double _pullPeriod, _pushPeriod;
        private double _nextPull, _nextPush;

        public Spring(int from, int to, double period, int pushes)
        {
            (From, To) = (from, to);
            _nextPull = _pullPeriod = period;
            // Infinity, which means never, if pushes is 0.
            _nextPush = _pushPeriod = period / pushes;
        }

        public int From { get; }

        public int To { get; }

        /// <summary>Whether the edge pulls in this epoch, and the number of pushes that are due if it does.</summary>
        public bool Pulls(int epoch, out int duePushes)
        {
            duePushes = 0;
            if (_nextPull > epoch) return false;
            _nextPull += _pullPeriod;
            if (_nextPush > epoch) return true;
            duePushes = (int)((epoch - _nextPush) / _pushPeriod);
            _nextPush += duePushes * _pushPeriod;
            return true;
        }
    }

    /// <summary>
    /// Moves points down the gradient of the cross entropy between the graph's weights and the layout's
    /// <c>1 / (1 + a d^(2b))</c> (section 3.2 of the paper), a term at a time.
    /// </summary>
    private sealed class Forces
    {
        private readonly double[] _layout;
        private readonly double _a, _b, _repulsion;
        private readonly CounterRandom _random;
        private ulong _drawn;

        public Forces(double[] layout, UmapOptions options)
        {
            _layout = layout;
            (_a, _b) = FitCurve(options.MinDistance, options.Spread);
            _repulsion = options.RepulsionStrength;
            _random = new CounterRandom(options.Seed, PushStream);
        }

        /// <summary>The step size: the distance that a gradient of 1 moves a point.</summary>
        public double Step { get; set; }

        public void Move(ref Spring spring, int epoch)
        {
            if (!spring.Pulls(epoch, out int pushes)) return;
            Pull(spring.From, spring.To);
            for (int i = 0; i < pushes; i++) Push(spring.From, _random.Below(_drawn++, _layout.Length / 2));
        }

        private void Pull(int first, int second)
        {
            (double x, double y, double squared) = Between(first, second);
            if (squared < Coincident) return;
            double power = Math.Pow(squared, _b);
            double gradient = -2 * _a * _b * power / (squared * (1 + _a * power));
            MoveBy(first, gradient * x, gradient * y);
            MoveBy(second, -gradient * x, -gradient * y);
        }

        private void Push(int point, int other)
        {
            if (point == other) return;
            (double x, double y, double squared) = Between(point, other);
            if (squared < Coincident)
            {
                // The direction is arbitrary.
                if (_repulsion > 0) MoveBy(point, LongestStep, LongestStep);
                return;
            }
            double gradient = 2 * _repulsion * _b
                / ((PushSoftening + squared) * (1 + _a * Math.Pow(squared, _b)));
            MoveBy(point, gradient * x, gradient * y);
        }

        private (double X, double Y, double Squared) Between(int first, int second)
        {
            double x = _layout[2 * first] - _layout[2 * second], y = _layout[2 * first + 1] - _layout[2 * second + 1];
            return (x, y, x * x + y * y);
        }

        private void MoveBy(int point, double x, double y)
        {
            _layout[2 * point] += Step * Math.Clamp(x, -LongestStep, LongestStep);
            _layout[2 * point + 1] += Step * Math.Clamp(y, -LongestStep, LongestStep);
        }
    }
}
