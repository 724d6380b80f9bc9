using Tessera.Data;
using Tessera.Imaging;
using Tessera.Models;
using Tessera.Quantization;
using Tessera.Runs;
using Tessera.Tokens;

namespace Tessera.Training;

/// <summary>
/// Takes the snapshots of a run: at about eight updates per factor of ten, and at the newest evaluation. The model is
/// read and not changed, so a run with snapshots has the bits of one without.
/// </summary>
internal sealed class SnapshotTaker
{
    /// <summary>The images whose reconstructions are kept.</summary>
    public const int ShownImages = 8;

    private readonly RunFolder _run;
    private readonly VqVae _model;
    private readonly SnapshotFolder _folder;
    private readonly Image[] _images;
    private long? _lastEvaluation;

    /// <summary>Creates the taker of a run.</summary>
    /// <param name="run">The run folder.</param>
    /// <param name="model">The model.</param>
    /// <param name="test">The test images; the first ones are used.</param>
    public SnapshotTaker(RunFolder run, VqVae model, ImageSet test)
    {
        (_run, _model, _folder) = (run, model, new SnapshotFolder(run.Path));
        // As many images as one batch has: a snapshot takes the time of less than an update.
        _images = test.First(CountFor(test.Width, test.Height));
    }

    /// <summary>The images whose codes are counted, of a size: at least those shown.</summary>
    public static int CountFor(int width, int height) => Math.Max(ShownImages, ImageFit.BatchFor(width, height));

    /// <summary>Takes a snapshot if one is due after an update.</summary>
    public void AfterUpdate(long update)
    {
        if (SnapshotFolder.IsDue(update)) Take(update);
    }

    /// <summary>Takes the snapshot of an evaluation; that of the one before is kept only if it was due.</summary>
    public void AfterEvaluation(long update)
    {
        Take(update);
        if (_lastEvaluation is { } last && last != update && !SnapshotFolder.IsDue(last)) _folder.Delete(last);
        _lastEvaluation = update;
    }

    /// <summary>Drops the snapshots after the update from which a run is resumed.</summary>
    public void Restored(long update)
    {
        _folder.TruncateAfter(update);
        _lastEvaluation = _folder.Updates().Where(taken => !SnapshotFolder.IsDue(taken)).Cast<long?>().LastOrDefault();
    }

    private void Take(long update)
    {
        _run.CheckPresent();
        using var tokenizer = new Tokenizer(_model);
        int[] codes = tokenizer.Encode(_images);
        var usage = new CodeUsage(_model.Options.Codes, _model.Options.Cell);
        usage.Add(codes);
        Image[] shown = [.. _images.Take(ShownImages)];
        int rows = shown[0].Height / tokenizer.PixelsPerCode, columns = shown[0].Width / tokenizer.PixelsPerCode;
        Image[] reconstructions = tokenizer.DecodeAll(
            codes.AsSpan(0, shown.Length * rows * columns * tokenizer.CodesPerCell), rows, columns);
        _folder.Write(update, shown, reconstructions, usage.Counts, usage.Levels);
    }
}
