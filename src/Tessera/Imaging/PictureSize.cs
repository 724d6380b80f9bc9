using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tessera.Imaging;

/// <summary>Height and width of pictures in pixels; a whole number stands for a square.</summary>
/// <param name="Height">Rows.</param>
/// <param name="Width">Pixels in a row.</param>
[JsonConverter(typeof(PictureSizeConverter))]
public readonly record struct PictureSize(int Height, int Width)
{
    /// <summary>The size that each picture has, cropped to what a model can take.</summary>
    public static readonly PictureSize Native = new(-1, -1);

    /// <summary>A square.</summary>
    public static implicit operator PictureSize(int side) => new(side, side);

    /// <summary>Reads "32", or "32x48" for 32 rows of 48 pixels.</summary>
    public static bool TryParse(string text, out PictureSize size)
    {
        int[] sides = new int[2];
        string[] parts = text.Split('x');
        bool isSize = parts.Length <= 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out sides[0])
            && int.TryParse(parts[^1], NumberStyles.None, CultureInfo.InvariantCulture, out sides[1]);
        size = isSize ? new PictureSize(sides[0], sides[1]) : default;
        return isSize;
    }

    /// <summary>"32x48": height, then width; "native" for <see cref="Native"/>.</summary>
    public override string ToString() =>
        this == Native ? "native" : string.Create(CultureInfo.InvariantCulture, $"{Height}x{Width}");
}

/// <summary>A square is written as a number, as it always was.</summary>
internal sealed class PictureSizeConverter : JsonConverter<PictureSize>
{
    public override PictureSize Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.Number) return reader.GetInt32();
        return reader.TokenType == JsonTokenType.String && PictureSize.TryParse(reader.GetString()!, out PictureSize size)
            ? size
            : throw new JsonException("a size is a number or \"HEIGHTxWIDTH\"");
    }

    public override void Write(Utf8JsonWriter writer, PictureSize value, JsonSerializerOptions options)
    {
        if (value.Height == value.Width) writer.WriteNumberValue(value.Height);
        else writer.WriteStringValue(value.ToString());
    }
}
