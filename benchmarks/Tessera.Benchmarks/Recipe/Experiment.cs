using Tessera.Training;

namespace Tessera.Benchmarks.Recipe;

/// <summary>What a run is judged by.</summary>
internal enum Judge
{
    /// <summary>
    /// Every tenth training picture, which the run is not trained on: what settings are chosen by, so that the test set stays
    /// unseen until they are.
    /// </summary>
    HeldOut,

    /// <summary>The whole test set, after training on all training pictures.</summary>
    Test,
}

/// <summary>Runs that differ in one thing each.</summary>
/// <param name="Name">What it is called on the command line and in files.</param>
/// <param name="Title">One line for the table.</param>
/// <param name="Data"><c>cifar10</c> or <c>shapes</c>.</param>
/// <param name="Judge">What the runs are judged by.</param>
/// <param name="Base">What the rows start from, with the budget.</param>
/// <param name="Rows">The settings.</param>
internal sealed record Experiment(string Name, string Title, string Data, Judge Judge, TrainingOptions Base, IReadOnlyList<Row> Rows);

/// <summary>A setting, and the seeds it is run with.</summary>
/// <param name="Name">What is different, for the table.</param>
/// <param name="Change">Makes the options from the base.</param>
/// <param name="Seeds">How many seeds: 1, 2, ...</param>
internal sealed record Row(string Name, Func<TrainingOptions, TrainingOptions> Change, int Seeds = 1)
{
    /// <summary>The name as it stands in a file of comma-separated values.</summary>
    public string Key { get; } = Name.Replace(',', ';');
}

/// <summary>What a run reached.</summary>
/// <param name="Row">The setting's <see cref="Row.Key"/>.</param>
/// <param name="Seed">The run's seed.</param>
/// <param name="Pictures">Pictures drawn.</param>
/// <param name="Seconds">Time of its updates.</param>
/// <param name="ReconError">Of the pictures it is judged by.</param>
/// <param name="Perplexity">Over all of them.</param>
/// <param name="CodesUsed">Over all of them.</param>
internal sealed record Result(string Row, ulong Seed, long Pictures, double Seconds, double ReconError, double Perplexity, int CodesUsed);
