using System.Collections.Concurrent;
using Tessera.Files;
using Tessera.Priors;
using Tessera.Studio.Contract;
using Tessera.Studio.Http;
using Tessera.Studio.Runs;

namespace Tessera.Studio.Models;

/// <summary>
/// Names weights by what they are, wherever their run lies: the first twelve hexadecimal digits of the SHA-256 of
/// <c>model.safetensors</c>. A file is read once for each version of it.
/// </summary>
internal sealed class WeightHashes(RunCatalog catalog)
{
    /// <summary>Digits of a hash: as many as those of a run's id.</summary>
    public const int Length = 12;

    private readonly ConcurrentDictionary<string, (string Version, string Hash)> _known = [];

    /// <summary>The hash of a run's newest weights.</summary>
    /// <param name="entry">The run.</param>
    /// <param name="version">The version of its weights.</param>
    /// <exception cref="InputException">The file cannot be read.</exception>
    public string Of(RunEntry entry, string version)
    {
        if (_known.TryGetValue(entry.Id, out var known) && known.Version == version) return known.Hash;
        string hash = PriorFile.HashOf(entry.PathOf(StateDict.ModelName))[..Length];
        _known[entry.Id] = (version, hash);
        return hash;
    }

    /// <summary>The ids of the tokenizers that have some weights, in the order of their paths.</summary>
    /// <exception cref="StudioException">The text is no hash.</exception>
    public string[] Find(string hash, CancellationToken cancellation)
    {
        if (hash.Length != Length || !hash.All(char.IsAsciiHexDigitLower))
            throw StudioException.Wrong($"weights must be {Length} hexadecimal digits, not {hash}", "weights");
        return
        [
            .. catalog.Runs.OrderBy(entry => entry.ShownPath, StringComparer.Ordinal)
                .Where(entry =>
                {
                    cancellation.ThrowIfCancellationRequested();
                    return HashOf(entry) == hash;
                })
                .Select(entry => entry.Id),
        ];
    }

    /// <summary>The hash of a run's newest weights; null if it has none that can be opened.</summary>
    private string? HashOf(RunEntry entry)
    {
        try
        {
            return RunReader.VersionOf(entry.PathOf(StateDict.ModelName)) is { } version
                && OpenedRun.KindOf(entry) == RunKind.Tokenizer
                    ? Of(entry, version)
                    : null;
        }
        catch (Exception e) when (e is StudioException or InputException || FileErrors.IsFileError(e))
        {
            return null;
        }
    }
}
