using System.Text.Json;
using Tessera.Imaging;

namespace Tessera.Tests.Imaging;

/// <summary>The fixtures of <c>tests/fixtures/imaging/make_fixtures.py</c>, and generated images.</summary>
internal static class ImagingFixtures
{
    private static readonly JsonSerializerOptions CamelCase = new(JsonSerializerDefaults.Web);

    /// <summary>A file and its image, according to the script and Pillow.</summary>
    internal sealed record EncodedImage(string Name, int Width, int Height, int Channels, byte[] File, byte[] Pixels);

    /// <summary>An image without a file.</summary>
    internal sealed record RawImage(int Width, int Height, int Channels, byte[] Pixels)
    {
        public Image ToImage() => new(Width, Height, Channels, Pixels);
    }

    /// <summary>An image, and the images that Pillow makes of it at other sizes.</summary>
    internal sealed record FittedImage(int Width, int Height, int Channels, byte[] Pixels, RawImage[] Fits);

    public static readonly IReadOnlyDictionary<string, EncodedImage> Pngs =
        Load<EncodedImage>("pngs.json").ToDictionary(image => image.Name);

    public static readonly IReadOnlyDictionary<string, EncodedImage> Jpegs =
        Load<EncodedImage>("jpegs.json").ToDictionary(image => image.Name);

    public static readonly IReadOnlyDictionary<string, EncodedImage> Formats =
        Load<EncodedImage>("formats.json").ToDictionary(image => image.Name);

    /// <summary>All image files.</summary>
    public static IEnumerable<EncodedImage> Files => [.. Pngs.Values, .. Jpegs.Values, .. Formats.Values];

    public static readonly IReadOnlyList<FittedImage> Fits = Load<FittedImage>("fits.json");

    /// <summary>An image of ramps, flat areas and noise, which depends only on its size.</summary>
    public static Image Noisy(int width, int height, int channels)
    {
        Random random = new(width * 10007 + height * 101 + channels);
        Image image = Image.Black(width, height, channels);
        for (int i = 0; i < image.Pixels.Length; i++)
        {
            int x = i / channels % width, y = i / channels / width;
            image.Pixels[i] = (byte)((y % 4) switch
            {
                0 => 7 * x,
                1 => 5 * y,
                2 => random.Next(256),
                _ => 200,
            });
        }
        return image;
    }

    private static T[] Load<T>(string name)
    {
        string path = Repository.Fixture("imaging", name);
        return JsonSerializer.Deserialize<T[]>(File.ReadAllBytes(path), CamelCase)
            ?? throw new InvalidOperationException($"{path} holds nothing.");
    }
}
