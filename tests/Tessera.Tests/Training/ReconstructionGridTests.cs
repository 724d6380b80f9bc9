using Tessera.Analysis;
using Tessera.Data;
using Tessera.Imaging;
using Tessera.Models;
using Tessera.Tests.Samples;
using Tessera.Tokens;
using Tessera.Training;

namespace Tessera.Tests.Training;

public class ReconstructionGridTests
{
    [Fact]
    public void Its_pairs_are_originals_and_reconstructions_and_its_PSNR_their_mean()
    {
        Image[] images = [.. Enumerable.Range(0, 5).Select(number => SyntheticShapes.Image(number, size: 64))];
        VqVae model = StartedModel.Create(StartedModel.Options, images);
        ReconstructionGrid grid = ReconstructionGrid.Make(model, images, TestContext.Current.CancellationToken);

        // Four pairs in a row with margins of 6 pixels; images of 64 pixels are not enlarged.
        Assert.Equal((4 * (128 + 6) + 6, 2 * (64 + 6) + 6), (grid.Image.Width, grid.Image.Height));
        using var tokenizer = new Tokenizer(model);
        double psnr = images.Average(
            image => ImageMetrics.Psnr(Floats(image), Floats(tokenizer.Reconstruct(image))));
        Assert.Equal(psnr, grid.Psnr, 1e-9);
        Assert.Equal(images[4].Pixels.AsSpan(0, 64 * 3), Row(grid.Image, left: 6, top: 2 * 6 + 64));
        Assert.Equal(
            tokenizer.Reconstruct(images[4]).Pixels.AsSpan(0, 64 * 3), Row(grid.Image, left: 6 + 64, top: 2 * 6 + 64));
    }

    [Fact]
    public void Images_that_do_not_fit_are_refused()
    {
        var model = new VqVae(StartedModel.Options);
        CancellationToken stop = TestContext.Current.CancellationToken;
        Assert.Throws<ArgumentException>(() => ReconstructionGrid.Make(model, [], stop));
        Assert.Throws<InputException>(() => ReconstructionGrid.Make(model, [Image.Black(30, 32, 3)], stop));
    }

    private static float[] Floats(Image image) => [.. image.Pixels.Select(sample => sample / 255f)];

    private static Span<byte> Row(Image image, int left, int top) =>
        image.Pixels.AsSpan((top * image.Width + left) * 3, 64 * 3);
}
