using Tessera.Data;
using Tessera.Imaging;

namespace Tessera.Mpi.Tests;

/// <summary>A few images in a folder, which load at once.</summary>
internal static class Pictures
{
    /// <summary>Writes the images, in a folder for each class, and returns the path.</summary>
    public static string In(TemporaryFolder folder)
    {
        ImageSet images = SmallRun.Train;
        for (int i = 0; i < images.Count; i++)
        {
            string path = folder.Write($"pictures/{images.ClassNames[images.Label(i)]}/{i}.png", []);
            ImageFile.WritePng(path, images.Image(i));
        }
        return folder["pictures"];
    }
}
