using System.Text.Json;
using Tessera.Imaging;

namespace Tessera.Tests.Imaging;

/// <summary>The fixtures of <c>tests/fixtures/imaging/make_fixtures.py</c>, and generated pictures.</summary>
internal static class ImagingFixtures
{
    private static readonly JsonSerializerOptions CamelCase = new(JsonSerializerDefaults.Web);

    /// <summary>A file and its picture, according to the script and Pillow.</summary>
    internal sealed record EncodedPicture(string Name, int Width, int Height, int Channels, byte[] File, byte[] Pixels);

    /// <summary>A picture without a file.</summary>
    internal sealed record RawPicture(int Width, int Height, int Channels, byte[] Pixels)
    {
        public Image ToImage() => new(Width, Height, Channels, Pixels);
    }

    /// <summary>A picture, and the pictures that Pillow makes of it at other sizes.</summary>
    internal sealed record FittedPicture(int Width, int Height, int Channels, byte[] Pixels, RawPicture[] Fits);

    public static readonly IReadOnlyDictionary<string, EncodedPicture> Pngs =
        Load<EncodedPicture>("pngs.json").ToDictionary(picture => picture.Name);

    public static readonly IReadOnlyDictionary<string, EncodedPicture> Jpegs =
        Load<EncodedPicture>("jpegs.json").ToDictionary(picture => picture.Name);

    public static readonly IReadOnlyDictionary<string, EncodedPicture> Formats =
        Load<EncodedPicture>("formats.json").ToDictionary(picture => picture.Name);

    /// <summary>All picture files.</summary>
    public static IEnumerable<EncodedPicture> Files => [.. Pngs.Values, .. Jpegs.Values, .. Formats.Values];

    public static readonly IReadOnlyList<FittedPicture> Fits = Load<FittedPicture>("fits.json");

    /// <summary>A picture of ramps, flat areas and noise, which depends only on its size.</summary>
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
