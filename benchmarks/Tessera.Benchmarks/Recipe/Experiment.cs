using Tessera.Training;

namespace Tessera.Benchmarks.Recipe;

/// <summary>The pictures that judge a run.</summary>
internal enum Judge
{
    /// <summary>
    /// Every tenth training picture, held out from training, so that no setting is chosen by the test set.
    /// </summary>
    HeldOut,

    /// <summary>The whole test set, after training on all training pictures.</summary>
    Test,
}

/// <summary>Runs that each differ from a base in one thing.</summary>
/// <param name="Name">Its name on the command line and in files.</param>
/// <param name="Title">One line for the table.</param>
/// <param name="Data"><c>cifar10</c> or <c>shapes</c>.</param>
/// <param name="Judge">The pictures that judge the runs.</param>
/// <param name="Base">The options that the rows change, with the budget.</param>
/// <param name="Rows">The settings.</param>
internal sealed record Experiment(
    string Name, string Title, string Data, Judge Judge, TrainingOptions Base, IReadOnlyList<Row> Rows);

/// <summary>A setting and its number of seeds.</summary>
/// <param name="Name">The difference, for the table.</param>
/// <param name="Change">Makes the options from the base.</param>
/// <param name="Seeds">How many seeds: 1, 2, ...</param>
internal sealed record Row(string Name, Func<TrainingOptions, TrainingOptions> Change, int Seeds = 1)
{
    /// <summary>The name in a CSV file.</summary>
    public string Key { get; } = Name.Replace(',', ';');
}

/// <summary>The result of a run.</summary>
/// <param name="Row">The setting's <see cref="Row.Key"/>.</param>
/// <param name="Seed">The run's seed.</param>
/// <param name="Pictures">Pictures drawn.</param>
/// <param name="Seconds">Elapsed training time.</param>
/// <param name="ReconError">MSE over the data variance, over the judging pictures.</param>
/// <param name="Perplexity">Over all judging pictures.</param>
/// <param name="CodesUsed">Over all judging pictures.</param>
internal sealed record Result(
    string Row, ulong Seed, long Pictures, double Seconds, double ReconError, double Perplexity, int CodesUsed);
