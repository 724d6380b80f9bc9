using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tessera.Imaging;

/// <summary>Height and width of images in pixels; a single number means a square.</summary>
/// <param name="Height">Rows.</param>
/// <param name="Width">Pixels in a row.</param>
[JsonConverter(typeof(ImageSizeConverter))]
public readonly record struct ImageSize(int Height, int Width)
{
    /// <summary>The own size of each image.</summary>
    public static readonly ImageSize Native = NativeIn(1);

    /// <summary>Whether this stands for the own size of each image.</summary>
    public bool IsNative => Height == -1 && Width < 0;

    /// <summary>What <see cref="NativeIn"/> was given.</summary>
    internal int NativeMultiple => -Width;

    /// <summary>The own size of each image, cropped to multiples.</summary>
    /// <param name="multiple">The divisor of height and width, at least 1: a model's pixels per code.</param>
    public static ImageSize NativeIn(int multiple)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(multiple, 1);
        return new ImageSize(-1, -multiple);
    }

    /// <summary>A square.</summary>
    public static implicit operator ImageSize(int side) => new(side, side);

    /// <summary>Parses "32" (32x32) or "32x48" (height 32, width 48).</summary>
    public static bool TryParse(string text, out ImageSize size)
    {
        int[] sides = new int[2];
        string[] parts = text.Split('x');
        bool isSize = parts.Length <= 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out sides[0])
            && int.TryParse(parts[^1], NumberStyles.None, CultureInfo.InvariantCulture, out sides[1]);
        size = isSize ? new ImageSize(sides[0], sides[1]) : default;
        return isSize;
    }

    /// <summary>"32x48": height, then width; "native" for <see cref="Native"/>.</summary>
    public override string ToString() =>
        IsNative ? "native" : string.Create(CultureInfo.InvariantCulture, $"{Height}x{Width}");
}

/// <summary>Writes a square as a number, the form of older versions.</summary>
internal sealed class ImageSizeConverter : JsonConverter<ImageSize>
{
    public override ImageSize Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.Number) return reader.GetInt32();
        return reader.TokenType == JsonTokenType.String
            && ImageSize.TryParse(reader.GetString()!, out ImageSize size)
            ? size
            : throw new JsonException("a size is a number or \"HEIGHTxWIDTH\"");
    }

    public override void Write(Utf8JsonWriter writer, ImageSize value, JsonSerializerOptions options)
    {
        if (value.Height == value.Width) writer.WriteNumberValue(value.Height);
        else writer.WriteStringValue(value.ToString());
    }
}
