using System.Text;

namespace Tessera.Benchmarks.Recipe;

/// <summary>An experiment's results as a table for people.</summary>
internal static class ExperimentTable
{
    /// <summary>The table: a line for each row, means over its seeds.</summary>
    public static string Write(Experiment experiment, IReadOnlyList<Result> results)
    {
        var text = new StringBuilder();
        string judge = experiment.Judge == Judge.Test
            ? "the whole test set, after training on all training pictures"
            : "the tenth of the training pictures that was held out";
        text.AppendLine(FormattableString.Invariant($"# {experiment.Title}")).AppendLine();
        text.AppendLine(FormattableString.Invariant($"Made by `dotnet run -c Release --project benchmarks/Tessera.Benchmarks -- recipe {experiment.Name}`; judged by {judge} ({experiment.Data})."));
        text.AppendLine("Means over the seeds; behind recon_error each seed's own.").AppendLine();
        text.AppendLine("| | recon_error | perplexity | codes used, least | pictures | images/s |").AppendLine("|---|---|---|---|---|---|");
        foreach (Row row in experiment.Rows)
        {
            Result[] made = [.. results.Where(result => result.Row == row.Key).OrderBy(result => result.Seed)];
            if (made.Length == 0) continue;
            string seeds = made.Length == 1 ? "" : $" ({string.Join(", ", made.Select(result => FormattableString.Invariant($"{result.ReconError:0.0000}")))})";
            text.AppendLine(FormattableString.Invariant(
                $"| {row.Name} | **{made.Average(result => result.ReconError):0.0000}**{seeds} | {made.Average(result => result.Perplexity):0} | {made.Min(result => result.CodesUsed)} | {made.Average(result => result.Pictures):#,0} | {made.Sum(result => result.Pictures) / made.Sum(result => result.Seconds):0} |"));
        }
        return text.ToString();
    }
}
