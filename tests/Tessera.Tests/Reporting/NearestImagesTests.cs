using Tessera.Data;
using Tessera.Imaging;
using Tessera.Priors;
using Tessera.Reporting.Measurements;
using Tessera.Tests.Priors;

namespace Tessera.Tests.Reporting;

public class NearestImagesTests
{
    private static readonly bool[] Ways = [false, true];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(67)]
    [InlineData(3072)]
    [InlineData(200_001)]
    public void The_sum_of_products_is_that_of_a_plain_loop(int length)
    {
        var random = new Random(length);
        int[] x = [.. Enumerable.Range(0, length).Select(_ => random.Next(256))];
        int[] y = [.. Enumerable.Range(0, length).Select(_ => random.Next(256))];
        Assert.Equal(x.Zip(y, (a, b) => (long)a * b).Sum(), NearestImages.Dot(x, y));
    }

    [Fact]
    public void The_largest_sum_of_products_does_not_overflow()
    {
        int[] white = [.. Enumerable.Repeat(255, 3_000_000)];
        Assert.Equal(255L * 255 * white.Length, NearestImages.Dot(white, white));
    }

    [Fact]
    public void The_nearest_by_codes_is_that_of_a_plain_search_with_the_first_of_equals()
    {
        // Few codes and short images: many are equally near.
        var options = new CodePriorOptions { Codes = 3, Rows = 2, Columns = 3 };
        CodeSet training = SmallPrior.Set(options, 300, mirrored: true);
        int[] queries = SmallPrior.Set(options, 40, seed: 5).Codes;
        Neighbour[] found = NearestImages.ByCodes(queries, training, TestContext.Current.CancellationToken);
        Assert.Equal(40, found.Length);
        Assert.Equal(2, found.Select(one => one.IsMirrored).Distinct().Count());
        for (int i = 0; i < 40; i++)
        {
            int[] query = queries[(6 * i)..(6 * i + 6)];
            long Differ(int[] codes, int number) => query.Where((code, j) => codes[6 * number + j] != code).Count();
            Neighbour expected = Ways.SelectMany(mirrored => Enumerable.Range(0, 300).Select(
                    n => new Neighbour(n, mirrored, Differ(mirrored ? training.Mirrored! : training.Codes, n))))
                .MinBy(one => one.Distance);
            Assert.Equal(expected, found[i]);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void The_nearest_by_pixels_is_that_of_a_plain_search(int channels)
    {
        ImageSet training = SyntheticShapes.Load(Split.Train, 8, trainCount: 300, testCount: 1).ToChannels(channels);
        ImageSet test = SyntheticShapes.Load(Split.Test, 8, trainCount: 1, testCount: 10).ToChannels(channels);
        // The first query is a training image, the second the mirror image of one.
        Image[] queries =
            [training.Image(170), NearestImages.Mirrored(training.Image(290)), .. test.First(10)];
        Neighbour[] found = NearestImages.ByPixels(queries, training, TestContext.Current.CancellationToken);
        Assert.Equal([new(170, false, 0), new(290, true, 0)], found[..2]);
        for (int i = 0; i < queries.Length; i++)
        {
            Neighbour expected = Ways.SelectMany(mirrored => Enumerable.Range(0, 300).Select(n =>
                {
                    Image image = training.Image(n);
                    byte[] pixels = mirrored ? NearestImages.Mirrored(image).Pixels : image.Pixels;
                    return new Neighbour(
                        n, mirrored, pixels.Zip(queries[i].Pixels, (a, b) => (long)(a - b) * (a - b)).Sum());
                }))
                .MinBy(one => one.Distance);
            Assert.Equal(expected, found[i]);
        }
    }

    [Fact]
    public void A_mirror_image_has_its_columns_in_reverse()
    {
        var image = new Image(3, 2, 1, [1, 2, 3, 4, 5, 6]);
        Assert.Equal([3, 2, 1, 6, 5, 4], NearestImages.Mirrored(image).Pixels);
        var colored = new Image(2, 1, 3, [1, 2, 3, 4, 5, 6]);
        Assert.Equal([4, 5, 6, 1, 2, 3], NearestImages.Mirrored(colored).Pixels);
    }

    [Fact]
    public void A_search_can_be_cancelled()
    {
        CodeSet training = SmallPrior.Set(SmallPrior.Options, 300, mirrored: true);
        Assert.ThrowsAny<OperationCanceledException>(
            () => NearestImages.ByCodes(training.Codes, training, new CancellationToken(canceled: true)));
    }
}
