using System.Text.Json;
using Tessera.Features;
using Tessera.Priors;
using Tessera.Runs;
using Tessera.Studio.Contract;
using Tessera.Training;

namespace Tessera.Studio.Runs;

/// <summary>A run folder with its options.</summary>
/// <param name="Kind">What it trains.</param>
/// <param name="Run">The folder.</param>
internal sealed record OpenedRun(RunKind Kind, RunFolder Run)
{
    /// <summary>Opens a run of any kind.</summary>
    /// <exception cref="InputException">Its <c>config.json</c> is damaged.</exception>
    public static OpenedRun Open(RunEntry entry)
    {
        RunKind kind = KindOf(entry);
        return new OpenedRun(kind, kind switch
        {
            RunKind.Prior => PriorRun.Open(entry.Path),
            RunKind.Classifier => ClassifierRun.Open(entry.Path),
            _ => TokenizerRun.Open(entry.Path),
        });
    }

    /// <summary>What a run trains, by the options that only runs of that kind have.</summary>
    public static RunKind KindOf(RunEntry entry)
    {
        try
        {
            using FileStream stream = File.OpenRead(entry.PathOf("config.json"));
            using var config = JsonDocument.Parse(stream);
            if (config.RootElement.ValueKind != JsonValueKind.Object
                || !config.RootElement.TryGetProperty("options", out JsonElement options)
                || options.ValueKind != JsonValueKind.Object)
                return RunKind.Unknown;
            if (options.TryGetProperty("tokenizerHash", out _)) return RunKind.Prior;
            if (!options.TryGetProperty("model", out JsonElement model) || model.ValueKind != JsonValueKind.Object)
                return RunKind.Unknown;
            return model.TryGetProperty("convolutions", out _) ? RunKind.Classifier : RunKind.Tokenizer;
        }
        catch (JsonException)
        {
            return RunKind.Unknown;
        }
    }
}
