namespace Tessera.Data;

/// <summary>Some picture files cannot be read. The message names the first ten, a line each.</summary>
public sealed class DamagedPicturesException : InputException
{
    private const int Listed = 10;

    internal DamagedPicturesException(int pictures, IReadOnlyList<(string Name, InputException Reason)> damaged)
        : base(Describe(pictures, damaged), damaged[0].Reason) => Names = [.. damaged.Select(picture => picture.Name)];

    /// <summary>What the source calls the pictures that cannot be read: see <see cref="PictureSource.Without"/>.</summary>
    public IReadOnlyList<string> Names { get; }

    private static string Describe(int pictures, IReadOnlyList<(string Name, InputException Reason)> damaged)
    {
        IEnumerable<string> lines = damaged.Take(Listed).Select(picture => $"  {picture.Reason.Message}");
        if (damaged.Count > Listed) lines = lines.Append($"  ... and {damaged.Count - Listed} more");
        string them = damaged.Count == 1 ? "it" : "them";
        return string.Join(
            '\n',
            [
                $"{damaged.Count} of {pictures} pictures cannot be read:", .. lines,
                $"Replace or remove {them}, or leave {them} out with --skip-damaged.",
            ]);
    }
}
