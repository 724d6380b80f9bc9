using System.Globalization;
using Tessera.Files;
using Tessera.Imaging;
using Tessera.Tensors.IO;

namespace Tessera.Training;

/// <summary>
/// The snapshots of a tokenizer's run, which show how it learned: <c>snapshots/UPDATE/</c> with
/// <c>reconstructions.png</c> (the same eight test images each time, in a row) and <c>codes.npy</c> (how often each
/// code was chosen on the first test images, <c>[codebooks, codes]</c>), and <c>snapshots/original.png</c>.
/// </summary>
/// <param name="run">The path of the run folder.</param>
internal sealed class SnapshotFolder(string run)
{
    /// <summary>The folder's name in the run folder.</summary>
    public const string Name = "snapshots";

    /// <summary>The name of the file with the reconstructions.</summary>
    public const string ImagesName = "reconstructions.png";

    /// <summary>The name of the file with the counts of codes.</summary>
    public const string CodesName = "codes.npy";

    /// <summary>The name of the file with the images themselves.</summary>
    public const string OriginalName = "original.png";

    /// <summary>The full path of the folder, which exists once there is a snapshot.</summary>
    public string Path { get; } = System.IO.Path.Combine(run, Name);

    /// <summary>The path of the images themselves.</summary>
    public string OriginalPath => System.IO.Path.Combine(Path, OriginalName);

    /// <summary>The updates after which there are snapshots, in ascending order.</summary>
    /// <exception cref="InputException">The folder cannot be listed.</exception>
    public IReadOnlyList<long> Updates() => !Directory.Exists(Path)
        ? []
        :
        [
            .. FileErrors.List(Path, folder => folder.EnumerateDirectories())
                .Where(entry => long.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out _))
                .Select(entry => long.Parse(entry.Name, CultureInfo.InvariantCulture)).Order(),
        ];

    /// <summary>
    /// Whether an update is one of about eight per factor of ten: 10, 13, 18, 24, 32, 42, 56, 75, 100, ...
    /// </summary>
    public static bool IsDue(long update)
    {
        while (update >= 100 && update % 10 == 0) update /= 10;
        return update is 10 or 13 or 18 or 24 or 32 or 42 or 56 or 75;
    }

    /// <summary>The path of the reconstructions of a snapshot.</summary>
    public string ImagesPath(long update) => System.IO.Path.Combine(PathOf(update), ImagesName);

    /// <summary>The path of the counts of codes of a snapshot.</summary>
    public string CodesPath(long update) => System.IO.Path.Combine(PathOf(update), CodesName);

    /// <summary>Writes a snapshot, whole or not at all; one of the same update is replaced.</summary>
    /// <param name="update">Updates made.</param>
    /// <param name="originals">The images.</param>
    /// <param name="reconstructions">Their reconstructions.</param>
    /// <param name="counts">How often each code was chosen, <c>[codebooks, codes]</c>.</param>
    /// <param name="codebooks">The number of codebooks.</param>
    /// <exception cref="InputException">The folder cannot be written.</exception>
    public void Write(
        long update, IReadOnlyList<Image> originals, IReadOnlyList<Image> reconstructions, ReadOnlySpan<long> counts,
        int codebooks)
    {
        try
        {
            Directory.CreateDirectory(Path);
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            throw FileErrors.Writing(Path, e);
        }
        if (!File.Exists(OriginalPath)) ImageFile.WritePng(OriginalPath, Row(originals));
        int[] values = new int[counts.Length];
        for (int i = 0; i < values.Length; i++) values[i] = checked((int)counts[i]);
        AtomicFolder.Write(PathOf(update), folder =>
        {
            File.WriteAllBytes(System.IO.Path.Combine(folder, ImagesName), ImageFile.EncodePng(Row(reconstructions)));
            using FileStream stream = File.Create(System.IO.Path.Combine(folder, CodesName));
            var writer = new NpyWriter(stream, int.MaxValue, [codebooks, values.Length / codebooks]);
            writer.Write(values);
            writer.Complete();
        });
    }

    /// <summary>Deletes a snapshot, if there is one.</summary>
    public void Delete(long update)
    {
        if (Directory.Exists(PathOf(update))) Temporary.Delete(PathOf(update));
    }

    /// <summary>Deletes the snapshots after an update, from which the run is resumed.</summary>
    public void TruncateAfter(long update)
    {
        if (Directory.Exists(Path)) AtomicFolder.CleanUp(Path);
        foreach (long later in Updates().Where(other => other > update)) Delete(later);
    }

    private string PathOf(long update) =>
        System.IO.Path.Combine(Path, update.ToString(CultureInfo.InvariantCulture));

    private static Image Row(IReadOnlyList<Image> images) => ImageGrid.Make(images, images.Count, padding: 0);
}
