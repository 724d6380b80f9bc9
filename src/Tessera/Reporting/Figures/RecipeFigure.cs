using System.Globalization;
using Tessera.Reporting.Plots;
using Tessera.Runs;
using Tessera.Training;

namespace Tessera.Reporting.Figures;

/// <summary>The learning rate and the revived codes during training.</summary>
internal static class RecipeFigure
{
    private const string Id = "recipe", Title = "Learning rate and revived codes";

    /// <summary>Makes the figure.</summary>
    /// <param name="metrics">The rows of <c>metrics.csv</c>.</param>
    /// <param name="absence">Why they cannot be shown; empty if they can.</param>
    /// <returns>The figure; null if the learning rate is constant and no code was revived.</returns>
    public static Figure? Make(TrainingMetrics metrics, string absence)
    {
        if (absence.Length > 0) return Figure.Absent(Id, Title, absence);
        if (metrics.Updates.Length == 0
            || (metrics.LearningRate.Distinct().Count() == 1 && metrics.Revived.All(count => count == 0)))
            return null;
        double[] edges =
        [
            Math.Max(0, metrics.Updates[0] - Trainer.UpdatesPerRow),
            .. metrics.Updates.Select(update => (double)update),
        ];
        long revived = metrics.Revived.Sum();
        double last = edges[^1];
        long end = metrics.Updates.Zip(metrics.Revived).LastOrDefault(row => row.Second > 0).First;
        string ending =
            revived > 0 ? string.Create(CultureInfo.InvariantCulture, $", the last by update {end:#,0}") : "";
        return new Figure(
            Id, Title,
            string.Create(
                CultureInfo.InvariantCulture,
                $"Left: the learning rate. Right: rarely used codes that were revived, which means moved onto current "
                + $"output vectors of the encoder: {revived:#,0} in all{ending}. A healthy run revives many codes at "
                + $"first, while the encoder changes fast, and few later. A run that keeps reviving many has more "
                + $"codes than the images need, or a learning rate that is too high."),
            [
                new PlotPart(new Plot(
                    "recipe-rate", "Learning rate",
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"The learning rate over the updates: {metrics.LearningRate.Max():0.#####} at the highest, "
                        + $"{metrics.LearningRate[^1]:0.#####} at the end."),
                    Axis.Exact("updates", edges[0], last),
                    Axis.Linear("learning rate", 0, metrics.LearningRate.Max()),
                    [new Bars(edges, metrics.LearningRate)])),
                new PlotPart(new Plot(
                    "recipe-revived", "Revived codes",
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"Codes revived per {Trainer.UpdatesPerRow} updates: {metrics.Revived.Max():#,0} at the most, "
                        + $"{revived:#,0} in all{ending}."),
                    Axis.Exact("updates", edges[0], last),
                    Axis.Linear(
                        $"codes revived per {Trainer.UpdatesPerRow} updates", 0, Math.Max(1, metrics.Revived.Max())),
                    [new Bars(edges, [.. metrics.Revived.Select(count => (double)count)])])),
            ]);
    }
}
