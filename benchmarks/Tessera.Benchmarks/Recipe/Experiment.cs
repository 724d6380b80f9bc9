using Tessera.Training;

namespace Tessera.Benchmarks.Recipe;

/// <summary>The images that judge a run.</summary>
internal enum Judge
{
    /// <summary>
    /// Every tenth training image, held out from training, so that no setting is chosen by the test set.
    /// </summary>
    HeldOut,

    /// <summary>The whole test set, after training on all training images.</summary>
    Test,
}

/// <summary>Runs that each differ from a base in one thing.</summary>
/// <param name="Name">Its name on the command line and in files.</param>
/// <param name="Title">One line for the table.</param>
/// <param name="Data"><c>cifar10</c> or <c>shapes</c>.</param>
/// <param name="Judge">The images that judge the runs.</param>
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
/// <param name="Images">Images drawn.</param>
/// <param name="Seconds">Elapsed training time.</param>
/// <param name="ReconError">MSE over the data variance, over the judging images.</param>
/// <param name="Perplexity">Over all judging images.</param>
/// <param name="CodesUsed">Over all judging images.</param>
/// <param name="Psnr">In dB, the mean over the judging images; null in older results.</param>
/// <param name="Ssim">The mean over the judging images; null in older results.</param>
internal sealed record Result(
    string Row, ulong Seed, long Images, double Seconds, double ReconError, double Perplexity, int CodesUsed,
    double? Psnr = null, double? Ssim = null);
