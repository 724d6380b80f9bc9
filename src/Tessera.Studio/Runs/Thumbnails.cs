using Tessera.Imaging;
using Tessera.Training;

namespace Tessera.Studio.Runs;

/// <summary>The small image that shows a tokenizer's run in the list.</summary>
internal static class Thumbnails
{
    /// <summary>The most pixels of an image in a run folder.</summary>
    public const long MostPixels = 16 << 20;

    /// <summary>The file with the newest reconstructions; null if there is none.</summary>
    public static string? Find(RunEntry entry)
    {
        entry.PathOf(SnapshotFolder.Name);
        return Existing(new SnapshotFolder(entry.Path).Updates() is [.., var newest]
            ? entry.PathOf(SnapshotFolder.Name, $"{newest}", SnapshotFolder.ImagesName)
            : entry.PathOf("reconstructions.png"));
    }

    /// <summary>The image as a PNG: a row of eight becomes two rows of four.</summary>
    /// <param name="path">The file.</param>
    /// <param name="run">Its run.</param>
    public static byte[] Draw(string path, TokenizerRun run)
    {
        Image image = ImageFile.Read(path, MostPixels);
        Image[] images = ImageGrid.Cut(image, run.Options.Size.Width);
        bool isRow = Path.GetDirectoryName(path) != run.Path && images.Length > 0;
        if (!isRow) return ImageFile.EncodePng(image);
        return ImageFile.EncodePng(ImageGrid.Make(images, SnapshotTaker.ShownImages / 2, padding: 0));
    }

    private static string? Existing(string path) => File.Exists(path) ? path : null;
}
