using System.Globalization;

namespace Tessera.Analysis;

/// <summary>How <see cref="Umap"/> lays rows out. The names and the usual values are umap-learn's.</summary>
public sealed record UmapOptions
{
    /// <summary>
    /// Rows in a neighbourhood, the row itself among them, as umap-learn counts; at least 2. Taken for rows - 1 where
    /// it is more.
    /// </summary>
    public int Neighbors { get; init; } = 15;

    /// <summary>How near points may lie in the layout, 0 to <see cref="Spread"/>.</summary>
    public double MinDistance { get; init; } = 0.1;

    /// <summary>The scale of the layout, more than 0.</summary>
    public double Spread { get; init; } = 1;

    /// <summary>How rows are compared.</summary>
    public DistanceMetric Metric { get; init; } = DistanceMetric.Euclidean;

    /// <summary>
    /// Passes over the graph, at least 1; null is umap-learn's rule, 500 up to 10,000 rows and 200 beyond.
    /// </summary>
    public int? Epochs { get; init; }

    /// <summary>Random points that push a point away each time that an edge pulls it, at least 0.</summary>
    public int NegativeSamples { get; init; } = 5;

    /// <summary>The length of the first epoch's steps, more than 0; it falls linearly to 0.</summary>
    public double LearningRate { get; init; } = 1;

    /// <summary>The weight of pushes against pulls, at least 0.</summary>
    public double RepulsionStrength { get; init; } = 1;

    /// <summary>Where the random numbers start: the layout is a function of the rows and the options.</summary>
    public ulong Seed { get; init; }

    /// <summary>Refuses options out of their range.</summary>
    /// <exception cref="ArgumentException">Says which, and what it may be.</exception>
    internal void Check()
    {
        Require(Neighbors >= 2, nameof(Neighbors), Neighbors, "at least 2");
        Require(double.IsFinite(Spread) && Spread > 0, nameof(Spread), Spread, "finite and more than 0");
        Require(MinDistance >= 0 && MinDistance <= Spread, nameof(MinDistance), MinDistance, $"0 to the spread, {Spread}");
        Require(Epochs is null or >= 1, nameof(Epochs), Epochs, "at least 1, or null");
        Require(NegativeSamples >= 0, nameof(NegativeSamples), NegativeSamples, "at least 0");
        Require(
            double.IsFinite(LearningRate) && LearningRate > 0, nameof(LearningRate), LearningRate, "finite and more than 0");
        Require(
            double.IsFinite(RepulsionStrength) && RepulsionStrength >= 0,
            nameof(RepulsionStrength), RepulsionStrength, "finite and at least 0");
    }

    private static void Require(bool holds, string option, object? value, string range)
    {
        if (!holds)
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"{option} is {range}; {value} is not."), option);
    }
}
