using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tessera.Imaging;

namespace Tessera.Benchmarks.Frechet;

/// <summary>The 512 features of images by ResNet-18 with ImageNet weights, enlarged to 224x224.</summary>
internal sealed class Features : IDisposable
{
    public const int Count = 512;

    private const int Side = 224, Batch = 16;

    private readonly InferenceSession _prepare = Load("ResNetPrepOnnx", "ResNetPreprocess.onnx");
    private readonly InferenceSession _network = Load("ResNet18Onnx", "ResNet18.onnx");

    /// <summary>The features of each image.</summary>
    public float[][] Of(IReadOnlyList<Image> images, string name)
    {
        var all = new float[images.Count][];
        for (int first = 0; first < images.Count; first += Batch)
        {
            int count = Math.Min(Batch, images.Count - first);
            for (int i = 0; i < count; i++) all[first + i] = Of(images[first + i]);
            if (!Console.IsErrorRedirected)
                Console.Error.Write($"\r{name}: {first + count} of {images.Count} images   ");
        }
        if (!Console.IsErrorRedirected) Console.Error.WriteLine();
        return all;
    }

    public void Dispose()
    {
        _prepare.Dispose();
        _network.Dispose();
    }

    private float[] Of(Image image)
    {
        var input = new DenseTensor<float>(Enlarged(image), [1, 3, Side, Side]);
        using var prepared = _prepare.Run([NamedOnnxValue.CreateFromTensor(_prepare.InputNames[0], input)]);
        using var features = _network.Run(
            [NamedOnnxValue.CreateFromTensor(_network.InputNames[0], prepared[0].AsTensor<float>())]);
        return [.. features[0].AsEnumerable<float>()];
    }

    /// <summary>Bilinear, with pixel centres aligned; channels outermost, 0 to 255.</summary>
    private static float[] Enlarged(Image image)
    {
        float[] pixels = new float[3 * Side * Side];
        for (int y = 0; y < Side; y++)
        {
            (int y0, int y1, float fy) = Neighbours(y, image.Height);
            for (int x = 0; x < Side; x++)
            {
                (int x0, int x1, float fx) = Neighbours(x, image.Width);
                for (int c = 0; c < 3; c++)
                {
                    float top = float.Lerp(At(image, y0, x0, c), At(image, y0, x1, c), fx);
                    float bottom = float.Lerp(At(image, y1, x0, c), At(image, y1, x1, c), fx);
                    pixels[(c * Side + y) * Side + x] = float.Lerp(top, bottom, fy);
                }
            }
        }
        return pixels;
    }

    private static (int First, int Second, float Part) Neighbours(int at, int size)
    {
        float place = Math.Clamp((at + 0.5f) * size / Side - 0.5f, 0, size - 1);
        int first = (int)place;
        return (first, Math.Min(first + 1, size - 1), place - first);
    }

    private static float At(Image image, int y, int x, int channel) =>
        image.Pixels[(y * image.Width + x) * image.Channels + channel % image.Channels];

    private static InferenceSession Load(string folder, string name) =>
        new(Path.Combine(AppContext.BaseDirectory, "DnnImageModels", folder, name));
}
