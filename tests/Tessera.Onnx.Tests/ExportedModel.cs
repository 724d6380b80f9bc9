using Tessera.Models;
using Tessera.Quantization;
using Tessera.Tensors;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Random;

namespace Tessera.Onnx.Tests;

/// <summary>A small model whose codes are vectors of its encoder, and its export.</summary>
internal sealed class ExportedModel : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public ExportedModel(VqVaeOptions options)
    {
        Model = new VqVae(options, seed: 4);
        if (options.Quantizer is not CodebookOptions) Standardize();
        int side = 8 * options.Stride;
        for (int level = 0; options.Quantizer is CodebookOptions && level < Model.Quantizer.Levels.Count; level++)
        {
            Tensor vectors = Latents(Images(stream: 0, 4, side, side), 4, side, side, level);
            Model.Quantizer.Levels[level].Start(
                vectors.Reshape([vectors.Shape.Rows, vectors.Shape.Last]).Rows(0, options.Codes), vectorsPerCode: 1);
        }
        OnnxExport.Write(Folder, Model);
    }

    public VqVae Model { get; }

    public string Folder => _folder["onnx"];

    public string Encoder => _folder["onnx", "encoder.onnx"];

    public string Decoder => _folder["onnx", "decoder.onnx"];

    public string Autoencoder => _folder["onnx", "autoencoder.onnx"];

    public static VqVaeOptions Options(
        string kind, int lookupDim = 0, int groups = 1, int depth = 1, bool top = false) => new()
        {
            Hidden = 16,
            ResidualHidden = 6,
            Codes = 32,
            CodeDim = 8,
            LookupDim = lookupDim,
            Quantizer = QuantizerOptions.Find(kind),
            Cell = new CellOptions { Groups = groups, Depth = depth, Top = top },
        };

    /// <summary>Pixels in [0, 1], NCHW: patches of the size of a code in random colours, with noise.</summary>
    public float[] Images(ulong stream, int batch, int height, int width)
    {
        var random = new CounterRandom(seed: 9, stream);
        int channels = Model.Options.Channels, stride = Model.Options.Stride;
        float[] pixels = new float[batch * channels * height * width];
        for (int i = 0; i < pixels.Length; i++)
        {
            int column = i % width, row = i / width % height, map = i / (width * height);
            int patch = (map * height / stride + row / stride) * (width / stride) + column / stride;
            pixels[i] = 0.8f * random.Uniform((ulong)(1_000_000 + patch)) + 0.2f * random.Uniform((ulong)i);
        }
        return pixels;
    }

    /// <summary>The vectors for which the model finds codes.</summary>
    public Tensor Latents(float[] images, int batch, int height, int width, int level = 0) =>
        Model.Quantizer
            .Quantize(Model.EncodeToVectors(Input(images, batch, height, width)), training: false)
            .Levels[level].Latents;

    /// <summary>The codes that the model finds.</summary>
    public int[] Encode(float[] images, int batch, int height, int width) =>
        Model.Encode(Input(images, batch, height, width)).ToArray();

    /// <summary>The images that the model decodes, as the export returns them: NCHW, pixels in [0, 1].</summary>
    public float[] Decode(int[] codes, int batch, int height, int width)
    {
        int perCell = Model.Options.Cell.Codes;
        Shape shape = perCell == 1 ? [batch, height, width] : [batch, height, width, perCell];
        float[] pixels = Model.Decode(Indices.From(codes, shape, Model.Options.Codes)).ToArray();
        int channels = Model.Options.Channels, cell = Model.Options.PixelsPerCode;
        int area = cell * cell * height * width;
        float[] turned = new float[pixels.Length];
        for (int i = 0; i < pixels.Length; i++)
        {
            (int image, int pixel, int channel) = (i / (area * channels), i / channels % area, i % channels);
            turned[(image * channels + channel) * area + pixel] = Math.Clamp(pixels[i] + 0.5f, 0, 1);
        }
        return turned;
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>
    /// Makes the encoder's vectors vary around 0, as those of a trained model do: signs and levels then differ.
    /// </summary>
    private void Standardize()
    {
        Dictionary<string, Tensor> state = Model.State().ToDictionary(entry => entry.Name, entry => entry.Tensor);
        if (Model.Options.Cell.Top)
        {
            // Of both levels: larger weights are enough.
            foreach (string level in (string[])["top", "lower"])
            {
                Tensor each = state[$"_vq_vae._{level}_pre_vq_conv.weight"];
                each.CopyFrom([.. each.ToArray().Select(value => 50 * value)]);
            }
            return;
        }
        (Tensor weight, Tensor bias) = (state["_pre_vq_conv.weight"], state["_pre_vq_conv.bias"]);
        int dimensions = Model.Options.CodeDim;
        float[][] rows =
            [.. Model.EncodeToVectors(Input(Images(stream: 0, 4, 32, 32), 4, 32, 32)).ToArray().Chunk(dimensions)];
        float[] weights = weight.ToArray(), biases = bias.ToArray();
        for (int d = 0; d < dimensions; d++)
        {
            double mean = rows.Average(row => row[d]);
            double deviation = Math.Sqrt(rows.Average(row => (row[d] - mean) * (row[d] - mean)));
            for (int i = 0; i < weights.Length / dimensions; i++)
                weights[d * weights.Length / dimensions + i] /= (float)deviation;
            biases[d] = (float)((biases[d] - mean) / deviation);
        }
        weight.CopyFrom(weights);
        bias.CopyFrom(biases);
    }

    private Tensor Input(float[] images, int batch, int height, int width)
    {
        int channels = Model.Options.Channels, area = height * width;
        float[] turned = new float[images.Length];
        for (int i = 0; i < images.Length; i++)
        {
            (int image, int channel, int pixel) = (i / (area * channels), i / area % channels, i % area);
            turned[(image * area + pixel) * channels + channel] = images[i] - 0.5f;
        }
        return Tensor.From(turned, [batch, height, width, channels]);
    }
}
