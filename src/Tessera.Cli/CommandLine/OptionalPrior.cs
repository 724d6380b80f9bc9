using Tessera.Priors;
using Tessera.Reporting;
using Tessera.Training;

namespace Tessera.Cli.CommandLine;

/// <summary>The prior of commands that also do without one.</summary>
internal static class OptionalPrior
{
    /// <summary>The prior for a report of a model; null without one.</summary>
    /// <inheritdoc cref="Open"/>
    public static PriorSubject? ForReport(string path, TrainedModel trained, string? named, Display messages) =>
        Open(
            path, named, () => PriorSubject.Open(path, trained.Path, named, trained.Model.Device), messages,
            "the report is without it");

    /// <summary>
    /// Opens the prior that the user named, else the one in the model's folder if it is the model's; null without one.
    /// </summary>
    /// <param name="path">The path that the user gave as RUN.</param>
    /// <param name="named">The prior that the user named; null for none.</param>
    /// <param name="open">Opens it.</param>
    /// <param name="messages">Receives a line if the prior in the folder is not the model's.</param>
    /// <param name="otherwise">What is done without it: "the model is exported without it".</param>
    /// <exception cref="InputException">The prior that the user named cannot be opened.</exception>
    public static T? Open<T>(string path, string? named, Func<T> open, Display messages, string otherwise)
        where T : class
    {
        if (named is null && !ImageSampler.HasPrior(path)) return null;
        try
        {
            return open();
        }
        catch (InputException e) when (named is null && e.Option == ImageSampler.PriorOption)
        {
            // The model can have been trained further since.
            messages.Line($"{e.Message}; {otherwise}");
            return null;
        }
    }
}
