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
            ? "the whole test set, after training on all training images"
            : "the tenth of the training images that was held out";
        text.AppendLine(FormattableString.Invariant($"# {experiment.Title}")).AppendLine();
        string command = $"dotnet run -c Release --project benchmarks/Tessera.Benchmarks -- recipe {experiment.Name}";
        text.AppendLine(FormattableString.Invariant($"Made by `{command}`; judged by {judge} ({experiment.Data})."));
        text.AppendLine("Means over the seeds; behind recon_error each seed's own.").AppendLine();
        bool hasQuality = results.All(result => result.Psnr is not null);
        text.AppendLine(
                $"| | recon_error |{(hasQuality ? " PSNR | SSIM |" : "")} perplexity | codes used, least "
                + "| images | images/s |")
            .AppendLine($"|---|---|{(hasQuality ? "---|---|" : "")}---|---|---|---|");
        foreach (Row row in experiment.Rows)
        {
            Result[] made = [.. results.Where(result => result.Row == row.Key).OrderBy(result => result.Seed)];
            if (made.Length > 0) text.AppendLine(Line(row, made, hasQuality));
        }
        return text.ToString();
    }

    private static string Line(Row row, Result[] made, bool hasQuality)
    {
        static string Error(double error) => FormattableString.Invariant($"{error:0.0000}");
        string each = string.Join(", ", made.Select(result => Error(result.ReconError)));
        string mean = $"**{Error(made.Average(result => result.ReconError))}**";
        string error = made.Length == 1 ? mean : $"{mean} ({each})";
        double perplexity = made.Average(result => result.Perplexity);
        double images = made.Average(result => result.Images);
        int codes = made.Min(result => result.CodesUsed);
        double rate = made.Sum(result => result.Images) / made.Sum(result => result.Seconds);
        string quality = hasQuality
            ? FormattableString.Invariant(
                $" {made.Average(result => result.Psnr):0.00} | {made.Average(result => result.Ssim):0.0000} |")
            : "";
        return FormattableString.Invariant(
            $"| {row.Name} | {error} |{quality} {perplexity:0} | {codes} | {images:#,0} | {rate:0} |");
    }
}
