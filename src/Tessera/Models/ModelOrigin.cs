namespace Tessera.Models;

/// <summary>Where in a file a model's tensors were found.</summary>
/// <param name="Path">The file.</param>
/// <param name="Key">
/// The keys that lead to its state dict, joined by dots: <c>model</c>; <c>.</c> where the file itself is the state
/// dict.
/// </param>
/// <param name="Prefix">
/// What stood before the names of all tensors and was taken off: <c>module.</c>; empty for nothing.
/// </param>
/// <param name="LeftOut">The names of tensors in the state dict that the model has no place for.</param>
public sealed record ModelOrigin(string Path, string Key, string Prefix, IReadOnlyList<string> LeftOut)
{
    /// <summary>The key of a state dict that is the file itself.</summary>
    public const string WholeFile = ".";

    private const int Named = 3;

    /// <summary>The names that were left out, on one line: the first few, then a count; null for none.</summary>
    public string? LeftOutSummary => LeftOut.Count switch
    {
        0 => null,
        <= Named => FirstNames,
        _ => $"{FirstNames} and {LeftOut.Count - Named} more",
    };

    // A file may name its tensors as it likes; a line stays one.
    private string FirstNames => string.Join(", ", LeftOut.Take(Named).Select(
        name => string.Concat(name.Select(c => char.IsControl(c) || c is '\u2028' or '\u2029' ? '?' : c))));
}

/// <summary>A model that was read from a file.</summary>
/// <param name="Model">The model.</param>
/// <param name="DataVariance">The variance of the pictures it was trained on, where the file tells.</param>
public sealed record StoredModel(VqVae Model, double? DataVariance)
{
    /// <summary>Where in the file it was found.</summary>
    public required ModelOrigin Origin { get; init; }
}
