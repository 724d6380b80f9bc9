using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Tessera.Data;

namespace Tessera.ImageRuns;

/// <summary>What tells sets of images apart, so that processes find out whether they have the same ones.</summary>
internal static class ImagePremise
{
    // All of CIFAR-10; of larger sets, images that are spread over them.
    private const long MostBytes = 256 << 20;

    /// <summary>
    /// A text that is the same for the same set: its name, count and size, and a hash of its classes, its labels and
    /// the bytes of its images, at most 256 MiB of them.
    /// </summary>
    public static string Of(ImageSet images)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(string.Join('\n', images.ClassNames)));
        int length = images.Height * images.Width * images.Channels;
        long wanted = Math.Clamp(MostBytes / length, 1, images.Count);
        for (long i = 0; i < wanted; i++)
        {
            int number = (int)(i * images.Count / wanted);
            hash.AppendData(images.Pixels(number));
            int label = images.Label(number);
            hash.AppendData(MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in label)));
        }
        string bytes = Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 8));
        return $"{images.Count} of {images.Name}, {images.Height}x{images.Width}x{images.Channels}, hash {bytes}";
    }
}
