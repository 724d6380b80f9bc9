using System.Globalization;
using System.Text;
using System.Text.Json;
using Tessera.Data;
using Tessera.Quantization;
using Tessera.Training;

namespace Tessera.Cli.Rendering;

/// <summary>An evaluation as a table, as one line, or as JSON.</summary>
internal static class EvaluationText
{
    /// <summary>The rows of the table: name, value.</summary>
    public static IReadOnlyList<string[]> Rows(Evaluation evaluation) =>
    [
        ["images", $"{evaluation.Images} ({evaluation.Split.Name()})"],
        ["recon_error", evaluation.ReconError is { } error ? $"{error:0.0000}" : "unknown (no training variance)"],
        ["mse", $"{evaluation.Mse:0.000000}"],
        ["psnr", $"{evaluation.Psnr:0.00} dB"],
        ["ssim", $"{evaluation.Ssim:0.0000}"],
        ["perplexity", $"{evaluation.Perplexity:0.0}"],
        ["codes used", $"{evaluation.CodesUsed} of {evaluation.Codes}"],
        .. evaluation.Levels.Select(level => (string[])
            [level.Name, $"perplexity {level.Perplexity:0.0}, codes used {level.CodesUsed}"]),
        .. evaluation.Levels.Count > 0 ? [["combinations", Describe(evaluation.Joint)]] : Array.Empty<string[]>(),
    ];

    /// <summary>One line for a log.</summary>
    public static string Line(Evaluation evaluation) =>
        $"recon_error {evaluation.ReconError:0.0000}, psnr {evaluation.Psnr:0.00} dB, ssim {evaluation.Ssim:0.0000}, "
        + $"perplexity {evaluation.Perplexity:0.0}, codes used {evaluation.CodesUsed} of {evaluation.Codes}";

    /// <summary>One JSON object. Numbers that are unknown or not finite (PSNR may be infinite) are null.</summary>
    public static string Json(Evaluation evaluation)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("split", evaluation.Split.Name());
            json.WriteNumber("images", evaluation.Images);
            WriteNumber(json, "recon_error", evaluation.ReconError);
            WriteNumber(json, "mse", evaluation.Mse);
            WriteNumber(json, "psnr", evaluation.Psnr);
            WriteNumber(json, "ssim", evaluation.Ssim);
            WriteNumber(json, "perplexity", evaluation.Perplexity);
            json.WriteNumber("codes_used", evaluation.CodesUsed);
            json.WriteNumber("codes", evaluation.Codes);
            if (evaluation.Levels.Count > 0) WriteLevels(json, evaluation.Levels, evaluation.Joint);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    /// <summary>The use of the combinations of a cell's codes; null if there are too many to count.</summary>
    private static string Describe(CodeUse? joint) => joint is null
        ? string.Create(
            CultureInfo.InvariantCulture, $"perplexity unknown, used more than {CodeUsage.MostCombinations:#,0}")
        : $"perplexity {joint.Perplexity:0.0}, used {joint.CodesUsed}";

    private static void WriteLevels(Utf8JsonWriter json, IReadOnlyList<CodeUse> levels, CodeUse? joint)
    {
        WriteNumber(json, "joint_perplexity", joint?.Perplexity);
        WriteNumber(json, "joint_codes_used", joint?.CodesUsed);
        json.WriteStartArray("levels");
        foreach (CodeUse level in levels)
        {
            json.WriteStartObject();
            json.WriteString("name", level.Name);
            WriteNumber(json, "perplexity", level.Perplexity);
            json.WriteNumber("codes_used", level.CodesUsed);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number && double.IsFinite(number)) json.WriteNumber(name, number);
        else json.WriteNull(name);
    }
}
