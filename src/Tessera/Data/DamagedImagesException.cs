namespace Tessera.Data;

/// <summary>
/// Some image files cannot be read. For one file the message is its own line. For several files it is their number,
/// then the first ten, one line each.
/// </summary>
public sealed class DamagedImagesException : InputException
{
    private const int Listed = 10;

    internal DamagedImagesException(int tried, IReadOnlyList<(string Name, InputException Reason)> damaged)
        : base(Describe(tried, damaged), damaged[0].Reason)
    {
        Damaged = damaged;
        Names = [.. damaged.Select(image => image.Name)];
        Tried = tried;
    }

    /// <summary>
    /// The names of the unreadable images (<see cref="ImageSource.NameOf"/>); pass them to
    /// <see cref="ImageSource.Without"/> to leave them out.
    /// </summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>How many images were tried, including the damaged ones.</summary>
    public int Tried { get; }

    internal IReadOnlyList<(string Name, InputException Reason)> Damaged { get; }

    private static string Describe(int tried, IReadOnlyList<(string Name, InputException Reason)> damaged)
    {
        if (damaged.Count == 1) return Line(damaged[0].Reason);
        IEnumerable<string> lines = damaged.Take(Listed).Select(image => $"  {Line(image.Reason)}");
        if (damaged.Count > Listed) lines = lines.Append($"  ... and {damaged.Count - Listed} more");
        return string.Join('\n', lines.Prepend($"{damaged.Count} of {tried} images cannot be read:"));
    }

    // A file name may contain a line break.
    private static string Line(InputException reason) => reason.Message.ReplaceLineEndings(" ");
}
