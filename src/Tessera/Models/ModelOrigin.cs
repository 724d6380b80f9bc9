using Tessera.Tensors.IO;

namespace Tessera.Models;

/// <summary>The place of a model's tensors in a file.</summary>
/// <param name="Path">The file.</param>
/// <param name="Key">
/// The path of keys to the state dict, joined by dots: <c>model</c>; <c>.</c> if the file itself is the state dict.
/// </param>
/// <param name="Prefix">The prefix that was removed from the model's names: <c>module.</c>; empty for none.</param>
/// <param name="LeftOut">The names of tensors in the state dict that are no part of the model.</param>
public sealed record ModelOrigin(string Path, string Key, string Prefix, IReadOnlyList<string> LeftOut)
{
    /// <summary>The key of a state dict that is the file itself.</summary>
    public const string WholeFile = ".";

    private const int Named = 3;

    /// <summary>The first names that were left out and a count of the rest, on one line; null for none.</summary>
    public string? LeftOutSummary => LeftOut.Count switch
    {
        0 => null,
        <= Named => FirstNames,
        _ => $"{FirstNames} and {LeftOut.Count - Named} more",
    };

    private string FirstNames => string.Join(", ", LeftOut.Take(Named).Select(Printable.OneLine));
}

/// <summary>A model read from a file.</summary>
/// <param name="Model">The model.</param>
/// <param name="DataVariance">The variance of its training images, or null if the file does not hold it.</param>
public sealed record StoredModel(VqVae Model, double? DataVariance)
{
    /// <summary>The model's place in the file.</summary>
    public required ModelOrigin Origin { get; init; }
}
