using System.Security.Cryptography;
using Tessera.Data;
using Tessera.Imaging;

namespace Tessera.Tests.Data;

public class SyntheticShapesTests
{
    /// <summary>
    /// The bytes are part of the contract: published numbers and resumed runs depend on them. If this fails on some
    /// machines only, the renderer uses an operation that IEEE 754 does not define exactly.
    /// </summary>
    [Fact]
    public void The_first_images_have_the_recorded_bytes()
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (int i = 0; i < 100; i++)
        {
            hash.AppendData(SyntheticShapes.Image(i).Pixels);
            hash.AppendData(SyntheticShapes.Image(SyntheticShapes.FirstTestNumber + i).Pixels);
        }
        Assert.Equal("4c6f37f8fe1e71cbf3481c3cd4dd31f8", Convert.ToHexStringLower(hash.GetHashAndReset())[..32]);
    }

    [Fact]
    public void Neither_threads_nor_order_change_a_byte()
    {
        ImageSet all = SyntheticShapes.Load(Split.All, trainCount: 60, testCount: 30);
        Assert.Equal(90, all.Count);
        for (int i = all.Count - 1; i >= 0; i--)
        {
            long number = i < 60 ? i : SyntheticShapes.FirstTestNumber + i - 60;
            Assert.True(all.Pixels(i).SequenceEqual(SyntheticShapes.Image(number).Pixels), $"Image {number} differs.");
        }
    }

    [Fact]
    public void All_is_train_and_then_test()
    {
        ImageSet train = SyntheticShapes.Load(Split.Train, 16, trainCount: 20, testCount: 10);
        ImageSet test = SyntheticShapes.Load(Split.Test, 16, trainCount: 20, testCount: 10);
        ImageSet all = SyntheticShapes.Load(Split.All, 16, trainCount: 20, testCount: 10);
        Assert.Equal((20, 10, 30), (train.Count, test.Count, all.Count));
        Assert.Equal(("shapes train", "shapes test", "shapes"), (train.Name, test.Name, all.Name));
        for (int i = 0; i < all.Count; i++)
        {
            (ImageSet half, int index) = i < 20 ? (train, i) : (test, i - 20);
            Assert.True(all.Pixels(i).SequenceEqual(half.Pixels(index)), $"Image {i} differs.");
            Assert.Equal(half.Label(index), all.Label(i));
        }
    }

    [Fact]
    public void Classes_are_balanced_in_both_splits()
    {
        Assert.Equal(10, SyntheticShapes.ClassNames.Distinct().Count());
        foreach (Split split in Enum.GetValues<Split>())
        {
            ImageSet set = SyntheticShapes.Load(split, 4, trainCount: 200, testCount: 100);
            Assert.Equal(SyntheticShapes.ClassNames, set.ClassNames);
            int[] counts = new int[10];
            for (int i = 0; i < set.Count; i++) counts[set.Label(i)]++;
            Assert.All(counts, count => Assert.Equal(set.Count / 10, count));
        }
    }

    [Fact]
    public void No_image_repeats_and_none_is_blank()
    {
        ImageSet set = SyntheticShapes.Load(Split.All, trainCount: 700, testCount: 300);
        HashSet<string> seen = [];
        for (int i = 0; i < set.Count; i++)
        {
            Assert.True(seen.Add(Convert.ToHexString(SHA256.HashData(set.Pixels(i)))), $"Image {i} is a copy.");
            Assert.True(Variance(set.Pixels(i)) > 0.0005, $"Image {i} is blank.");
        }
    }

    [Fact]
    public void Variance_is_like_that_of_photographs()
    {
        Assert.InRange(SyntheticShapes.Load(Split.Train, trainCount: 1000).Variance(), 0.04, 0.09);
        Assert.InRange(SyntheticShapes.Load(Split.Test, testCount: 1000).Variance(), 0.04, 0.09);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(12)]
    [InlineData(64)]
    public void Any_multiple_of_4_shows_the_same_scene(int size)
    {
        double sum = 0;
        for (int number = 0; number < 20; number++)
        {
            Image image = SyntheticShapes.Image(number, size);
            Assert.Equal((size, size, 3), (image.Width, image.Height, image.Channels));
            double[] coarse = Quarters(image), reference = Quarters(SyntheticShapes.Image(number, 128));
            sum += coarse.Zip(reference, (a, b) => Math.Abs(a - b)).Average();
        }
        Assert.InRange(sum / 20, 0, size == 4 ? 0.08 : 0.02);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-4)]
    [InlineData(2)]
    [InlineData(30)]
    [InlineData(1028)]
    [InlineData(int.MaxValue)]
    public void Other_sizes_are_refused_in_one_line(int size)
    {
        InputException one = Assert.Throws<InputException>(() => SyntheticShapes.Image(0, size));
        InputException many = Assert.Throws<InputException>(() => SyntheticShapes.Load(Split.Train, size));
        Assert.Equal(one.Message, many.Message);
        Assert.Contains($"{size} pixels", one.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', one.Message);
    }

    [Fact]
    public void Numbers_and_counts_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => SyntheticShapes.Image(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => SyntheticShapes.Load(Split.Train, trainCount: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => SyntheticShapes.Load(Split.Test, testCount: -1));
        Assert.Equal(32 * 32 * 3, SyntheticShapes.Image(long.MaxValue).Pixels.Length);
    }

    /// <summary>The means over 4 x 4 blocks of an image, channel by channel, in 0..1.</summary>
    private static double[] Quarters(Image image)
    {
        double[] means = new double[4 * 4 * 3];
        int block = image.Width / 4;
        for (int i = 0; i < image.Pixels.Length; i++)
        {
            int x = i / 3 % image.Width / block, y = i / 3 / image.Width / block;
            means[(y * 4 + x) * 3 + i % 3] += image.Pixels[i] / (255.0 * block * block);
        }
        return means;
    }

    private static double Variance(ReadOnlySpan<byte> samples)
    {
        double sum = 0, squares = 0;
        foreach (byte sample in samples)
        {
            sum += sample / 255.0;
            squares += sample / 255.0 * (sample / 255.0);
        }
        return squares / samples.Length - sum / samples.Length * (sum / samples.Length);
    }
}
