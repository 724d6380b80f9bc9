using System.Text.Json;
using Tessera.Imaging;

namespace Tessera.Tests.Imaging;

public sealed class ImageSizeTests
{
    [Theory]
    [InlineData("32", 32, 32)]
    [InlineData("32x48", 32, 48)]
    [InlineData("0x7", 0, 7)]
    public void A_number_is_a_square_and_two_are_height_and_width(string text, int height, int width)
    {
        Assert.True(ImageSize.TryParse(text, out ImageSize size), $"\"{text}\" is not read");
        Assert.Equal(new ImageSize(height, width), size);
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("32x")]
    [InlineData("x32")]
    [InlineData("32x48x3")]
    [InlineData("32X48")]
    [InlineData(" 32")]
    [InlineData("-32")]
    [InlineData("-1x-1")]
    [InlineData("32.0")]
    [InlineData("99999999999")]
    [InlineData("native")]
    public void Other_text_is_no_size(string text) =>
        Assert.False(ImageSize.TryParse(text, out _), $"\"{text}\" is read as a size");

    [Theory]
    [InlineData(32, 32, "32")]
    [InlineData(32, 48, "\"32x48\"")]
    public void A_config_file_holds_a_number_or_a_text(int height, int width, string json)
    {
        ImageSize size = new(height, width);

        Assert.Equal(json, JsonSerializer.Serialize(size));
        Assert.Equal(size, JsonSerializer.Deserialize<ImageSize>(json));
    }

    [Theory]
    [InlineData("\"native\"")]
    [InlineData("\"wide\"")]
    [InlineData("true")]
    [InlineData("32.5")]
    [InlineData("null")]
    public void A_config_file_with_another_size_is_refused(string json) =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<ImageSize>(json));

    [Fact]
    public void Native_is_the_size_of_no_image()
    {
        Assert.Equal("native", ImageSize.Native.ToString());
        Assert.NotEqual(default, ImageSize.Native);
        Assert.NotEqual(0, ImageSize.Native);
    }
}
