using System.Globalization;

namespace Tessera.Analysis;

/// <summary>The options of <see cref="Umap"/>. The names and the defaults are those of umap-learn.</summary>
public sealed record UmapOptions
{
    /// <summary>
    /// The number of rows in a neighbourhood, including the row itself, as in umap-learn; at least 2, and limited to
    /// rows - 1.
    /// </summary>
    public int Neighbors { get; init; } = 15;

    /// <summary>The minimum distance of points in the layout, 0 to <see cref="Spread"/>.</summary>
    public double MinDistance { get; init; } = 0.1;

    /// <summary>The scale of the layout, above 0.</summary>
    public double Spread { get; init; } = 1;

    /// <summary>The distance of the rows.</summary>
    public DistanceMetric Metric { get; init; } = DistanceMetric.Euclidean;

    /// <summary>
    /// Passes over the graph, at least 1; null for the rule of umap-learn: 500 for up to 10,000 rows, 200 for more.
    /// </summary>
    public int? Epochs { get; init; }

    /// <summary>The number of random points that push a point away per pull of an edge, at least 0.</summary>
    public int NegativeSamples { get; init; } = 5;

    /// <summary>The step size of the first epoch, above 0; it falls linearly to 0.</summary>
    public double LearningRate { get; init; } = 1;

    /// <summary>The weight of pushes against pulls, at least 0.</summary>
    public double RepulsionStrength { get; init; } = 1;

    /// <summary>The seed of the random numbers.</summary>
    public ulong Seed { get; init; }

    /// <summary>Checks every option.</summary>
    /// <exception cref="ArgumentException">An option is out of range; the message names it and its range.</exception>
    internal void Check()
    {
        Require(Neighbors >= 2, nameof(Neighbors), Neighbors, "at least 2");
        Require(double.IsFinite(Spread) && Spread > 0, nameof(Spread), Spread, "finite and above 0");
        Require(
            MinDistance >= 0 && MinDistance <= Spread, nameof(MinDistance), MinDistance, $"0 to the spread, {Spread}");
        Require(Epochs is null or >= 1, nameof(Epochs), Epochs, "at least 1, or null");
        Require(NegativeSamples >= 0, nameof(NegativeSamples), NegativeSamples, "at least 0");
        Require(
            double.IsFinite(LearningRate) && LearningRate > 0,
            nameof(LearningRate), LearningRate, "finite and above 0");
        Require(
            double.IsFinite(RepulsionStrength) && RepulsionStrength >= 0,
            nameof(RepulsionStrength), RepulsionStrength, "finite and at least 0");
    }

    private static void Require(bool holds, string option, object? value, string range)
    {
        if (!holds)
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"{option} must be {range}, not {value}"), option);
    }
}
