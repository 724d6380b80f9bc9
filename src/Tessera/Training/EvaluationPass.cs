using Tessera.Analysis;
using Tessera.Data;
using Tessera.Models;
using Tessera.Tensors;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Distributed;
using Tessera.Tensors.Ops;

namespace Tessera.Training;

/// <summary>Reconstructs and measures images of a set, batch by batch.</summary>
internal sealed class EvaluationPass : IDisposable
{
    private readonly VqVae _model;
    private readonly ImageSet _images;
    private readonly int _length;
    private readonly float[] _originals, _reconstructions;
    private readonly RepeatedPass<Tensor, (Storage<int> Codes, Storage<float> Images)> _pass;

    /// <summary>Prepares the pass.</summary>
    /// <param name="model">The model.</param>
    /// <param name="images">The images, which fit it.</param>
    /// <param name="batch">The most images of a batch.</param>
    /// <param name="depth">The first levels that images are decoded from; null for all.</param>
    public EvaluationPass(VqVae model, ImageSet images, int batch, int? depth)
    {
        (_model, _images) = (model, images);
        _length = images.Width * images.Height * images.Channels;
        (_originals, _reconstructions) = (new float[batch * _length], new float[batch * _length]);
        CodesPerImage = images.Height / model.Options.PixelsPerCode * (images.Width / model.Options.PixelsPerCode)
            * (depth is { } levels ? model.Options.Cell.Groups * levels : model.Options.Cell.Codes);
        Codes = new int[batch * CodesPerImage];
        _pass = new RepeatedPass<Tensor, (Storage<int> Codes, Storage<float> Images)>(
            model.Device, shape => Tensor.Zeros(shape, model.Device), (tape, x) => Pass(model, x.On(tape), depth));
    }

    /// <summary>The codes of an image.</summary>
    public int CodesPerImage { get; }

    /// <summary>The codes of the last batch, from the start of this array.</summary>
    public int[] Codes { get; }

    /// <summary>Measures a batch.</summary>
    /// <param name="first">The number of its first image in the set.</param>
    /// <param name="count">Its images, at least 1.</param>
    /// <param name="results">Receives the errors of its images.</param>
    public void Run(int first, int count, ImageErrors results)
    {
        for (int i = 0; i < count; i++)
            PixelValues.FromBytes(_images.Pixels(first + i), _originals.AsSpan(i * _length, _length));
        _pass.Run(
            [count, _images.Height, _images.Width, _images.Channels],
            x => x.CopyFrom(_originals.AsSpan(0, count * _length)),
            output =>
            {
                _model.Device.Download(output.Codes, Codes.AsSpan(0, count * CodesPerImage));
                _model.Device.Download(output.Images, _reconstructions.AsSpan(0, count * _length));
            });
        Parallel.For(0, count, i =>
        {
            Span<float> original = _originals.AsSpan(i * _length, _length);
            Span<float> reconstruction = _reconstructions.AsSpan(i * _length, _length);
            results.Squared[first + i] = ImageMetrics.Mse(original, reconstruction);
            PixelValues.ToUnitRange(original);
            PixelValues.ToUnitRange(reconstruction);
            results.Psnr[first + i] = ImageMetrics.Psnr(original, reconstruction);
            results.Ssim[first + i] = ImageMetrics.Ssim(
                original, reconstruction, _images.Height, _images.Width, _images.Channels);
        });
    }

    public void Dispose() => _pass.Dispose();

    private static (Storage<int> Codes, Storage<float> Images) Pass(VqVae model, Tensor images, int? depth)
    {
        if (depth is null)
        {
            VqVaeOutput output = model.Forward(images);
            return (output.Quantized.Codes.Storage, output.Reconstruction.Storage);
        }
        Indices codes = model.FirstLevels(model.Encode(images), depth);
        return (codes.Storage, model.Decode(codes).Storage);
    }
}

/// <summary>The errors of each image of a set.</summary>
/// <param name="images">Images of the set.</param>
internal sealed class ImageErrors(int images)
{
    /// <summary>The mean squared error of each.</summary>
    public double[] Squared { get; } = new double[images];

    /// <summary>The PSNR of each, in dB.</summary>
    public double[] Psnr { get; } = new double[images];

    /// <summary>The SSIM of each.</summary>
    public double[] Ssim { get; } = new double[images];

    /// <summary>Collects what the ranks have measured, on all of them.</summary>
    /// <param name="ranks">The processes.</param>
    /// <param name="first">The first image of rank 0; those of the other ranks follow.</param>
    /// <param name="counts">Images of each rank.</param>
    /// <param name="codes">The codes of this rank's images.</param>
    /// <param name="codesPerImage">The codes of an image.</param>
    /// <returns>The codes of all ranks' images.</returns>
    public int[] Share(Collective ranks, int first, int[] counts, ReadOnlySpan<int> codes, int codesPerImage)
    {
        int start = first + counts[..ranks.Rank].Sum(), all = counts.Sum();
        foreach (double[] values in (double[][])[Squared, Psnr, Ssim])
        {
            double[] own = values[start..(start + counts[ranks.Rank])];
            ranks.Gather(own, values.AsSpan(first, all), counts);
        }
        int[] allCodes = new int[all * codesPerImage];
        ranks.Gather(codes, allCodes, [.. counts.Select(count => count * codesPerImage)]);
        return allCodes;
    }
}
