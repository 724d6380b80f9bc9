using Tessera.Imaging;

namespace Tessera.Tests.Imaging;

public class ImageGridTests
{
    private static Image Plain(int width, int height, int channels, byte value) =>
        new(width, height, channels, [.. Enumerable.Repeat(value, width * height * channels)]);

    [Fact]
    public void Lays_out_as_torchvision_does()
    {
        Image grid = ImageGrid.Make(
            [Plain(2, 1, 1, 1), Plain(2, 1, 1, 2), Plain(2, 1, 1, 3)], columns: 2, padding: 1, padValue: 9);

        Assert.Equal((7, 5, 1), (grid.Width, grid.Height, grid.Channels));
        Assert.Equal(
        [
            9, 9, 9, 9, 9, 9, 9,
            9, 1, 1, 9, 2, 2, 9,
            9, 9, 9, 9, 9, 9, 9,
            9, 3, 3, 9, 9, 9, 9,
            9, 9, 9, 9, 9, 9, 9,
        ], grid.Pixels);
    }

    [Theory]
    [InlineData(1, 8, 2, 36, 36)]
    [InlineData(3, 8, 2, 104, 36)]
    [InlineData(8, 8, 2, 274, 36)]
    [InlineData(9, 8, 2, 274, 70)]
    [InlineData(64, 8, 2, 274, 274)]
    [InlineData(5, 1, 0, 32, 160)]
    [InlineData(2, 8, 0, 64, 32)]
    public void Size_follows_from_the_number_of_images(int count, int columns, int padding, int width, int height)
    {
        Image[] images = [.. Enumerable.Repeat(Plain(32, 32, 3, 200), count)];

        Image grid = ImageGrid.Make(images, columns, padding);

        Assert.Equal((width, height, 3), (grid.Width, grid.Height, grid.Channels));
        Assert.Equal(count * 32 * 32 * 3, grid.Pixels.Count(sample => sample == 200));
        Assert.Equal(grid.Pixels.Length - count * 32 * 32 * 3, grid.Pixels.Count(sample => sample == 0));
    }

    [Fact]
    public void Grey_beside_colour_becomes_colour()
    {
        Image grid = ImageGrid.Make([Plain(1, 1, 1, 5), new Image(1, 1, 3, [6, 7, 8])], columns: 2, padding: 0);

        Assert.Equal([5, 5, 5, 6, 7, 8], grid.Pixels);
    }

    [Fact]
    public void Invalid_grids_are_refused()
    {
        Image small = Plain(2, 2, 3, 0), large = Plain(3, 2, 3, 0);

        Assert.ThrowsAny<ArgumentException>(() => ImageGrid.Make([], columns: 2));
        Assert.Contains(
            "2x2 and of 2x3", Assert.ThrowsAny<ArgumentException>(() => ImageGrid.Make([small, large])).Message);
        Assert.ThrowsAny<ArgumentException>(() => ImageGrid.Make([small], columns: 0));
        Assert.ThrowsAny<ArgumentException>(() => ImageGrid.Make([small], padding: -1));
        Assert.Throws<OverflowException>(() => ImageGrid.Make([small], padding: int.MaxValue));
    }
}
