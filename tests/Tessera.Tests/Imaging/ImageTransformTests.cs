using Tessera.Imaging;

namespace Tessera.Tests.Imaging;

public class ImageTransformTests
{
    [Fact]
    public void Fit_gives_the_samples_of_Pillow_within_two_levels_and_nearly_all_within_one()
    {
        Assert.NotEmpty(ImagingFixtures.Fits);
        int samples = 0, equal = 0, overOne = 0;
        foreach (ImagingFixtures.FittedImage source in ImagingFixtures.Fits)
        {
            Image image = new(source.Width, source.Height, source.Channels, source.Pixels);
            foreach (ImagingFixtures.RawImage expected in source.Fits)
            {
                Image fitted = ImageTransform.Fit(image, expected.Width, expected.Height, expected.Channels);

                string what = $"{source.Width}x{source.Height}x{source.Channels} "
                    + $"to {expected.Width}x{expected.Height}x{expected.Channels}";
                Assert.Equal(expected.Width * expected.Height * expected.Channels, fitted.Pixels.Length);
                int[] levels = [.. fitted.Pixels.Zip(expected.Pixels, (a, b) => Math.Abs(a - b))];
                Assert.True(levels.Max() <= 2, $"{what}: a sample differs from Pillow's by {levels.Max()} levels.");
                samples += levels.Length;
                equal += levels.Count(level => level == 0);
                overOne += levels.Count(level => level > 1);
            }
        }
        Assert.True(equal > 0.85 * samples, $"only {equal} of {samples} samples equal Pillow's.");
        Assert.True(overOne < 0.0001 * samples, $"{overOne} of {samples} samples differ from Pillow's by 2 levels.");
    }

    [Fact]
    public void A_plain_image_stays_plain_at_every_size()
    {
        for (int from = 1; from < 40; from += 3)
        {
            Image image = new(from, 41 - from, 1, [.. Enumerable.Repeat((byte)255, from * (41 - from))]);
            for (int to = 1; to < 50; to += 4)
            {
                Image fitted = ImageTransform.Fit(image, to, 50 - to, 3);
                Assert.Equal((to, 50 - to, 3), (fitted.Width, fitted.Height, fitted.Channels));
                Assert.All(fitted.Pixels, sample => Assert.Equal(255, sample));
            }
        }
    }

    [Fact]
    public void An_image_that_fits_is_returned_itself()
    {
        Image image = ImagingFixtures.Noisy(32, 32, 3);

        Assert.Same(image, ImageTransform.Fit(image, 32, 32, 3));
    }

    [Fact]
    public void An_image_that_needs_no_scaling_is_only_cropped()
    {
        Image image = new(6, 2, 1, [0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15]);

        Assert.Equal([2, 3, 12, 13], ImageTransform.Fit(image, 2, 2, 1).Pixels);
        // Half of an excess of 3 is rounded to even: 2 on the left, 1 on the right.
        Assert.Equal([2, 3, 4, 12, 13, 14], ImageTransform.Fit(image, 3, 2, 1).Pixels);
    }

    [Theory]
    [InlineData(1, 20_000_000)]
    [InlineData(20_000_000, 1)]
    public void An_extremely_long_image_needs_little_extra_memory(int width, int height)
    {
        Image image = Image.Black(width, height, 1);

        long before = GC.GetAllocatedBytesForCurrentThread();
        Image fitted = ImageTransform.Fit(image, 32, 32, 1);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        Assert.Equal(new byte[32 * 32], fitted.Pixels);
    }

    [Fact]
    public void CropCentre_keeps_the_centre()
    {
        Image image = new(4, 3, 1, [0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23]);

        Assert.Equal([11, 12], ImageTransform.CropCentre(image, 2, 1).Pixels);
        Assert.Same(image, ImageTransform.CropCentre(image, 4, 3));
        Assert.ThrowsAny<ArgumentException>(() => ImageTransform.CropCentre(image, 5, 3));
        Assert.ThrowsAny<ArgumentException>(() => ImageTransform.CropCentre(image, 1, 0));
    }

    [Theory]
    [InlineData(0, 8, 3)]
    [InlineData(8, -1, 3)]
    [InlineData(8, 8, 0)]
    [InlineData(8, 8, 2)]
    public void Sizes_out_of_range_are_refused(int width, int height, int channels) =>
        Assert.ThrowsAny<ArgumentException>(
            () => ImageTransform.Fit(ImagingFixtures.Noisy(5, 5, 3), width, height, channels));

    [Fact]
    public void Grey_and_rgb_turn_into_each_other()
    {
        Image rgb = new(4, 1, 3, [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255]);

        Image grey = ImageTransform.ToChannels(rgb, 1);

        Assert.Equal([76, 150, 29, 255], grey.Pixels);
        Assert.Equal([76, 76, 76, 150, 150, 150, 29, 29, 29, 255, 255, 255], ImageTransform.ToChannels(grey, 3).Pixels);
        Assert.Same(rgb, ImageTransform.ToChannels(rgb, 3));
    }

    [Fact]
    public void Enlarge_repeats_pixels()
    {
        Image image = new(2, 2, 3, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);

        Image large = ImageTransform.Enlarge(image, 3);

        Assert.Equal((6, 6, 3), (large.Width, large.Height, large.Channels));
        for (int i = 0; i < large.Pixels.Length; i++)
        {
            int c = i % 3, x = i / 3 % 6, y = i / 18;
            Assert.Equal(image.Pixels[(y / 3 * 2 + x / 3) * 3 + c], large.Pixels[i]);
        }
        Assert.Equal(image.Pixels, ImageTransform.Enlarge(image, 1).Pixels);
        Assert.ThrowsAny<ArgumentException>(() => ImageTransform.Enlarge(image, 0));
        Assert.Throws<OverflowException>(() => ImageTransform.Enlarge(image, int.MaxValue / 2));
    }
}
