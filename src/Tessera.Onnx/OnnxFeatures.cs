using Google.Protobuf;
using Tessera.Features;
using Tessera.Files;
using Tessera.Onnx.Messages;
using Tessera.Tensors;
using Tessera.Tensors.Devices;
using Tessera.Tensors.IO;
using Tessera.Tensors.Nn;

namespace Tessera.Onnx;

/// <summary>
/// Reads a feature network from an ONNX file: a chain of Conv, BatchNormalization (folded into the convolution before
/// it), Relu, MaxPool and AveragePool, such as VGG's.
/// </summary>
/// <remarks>
/// The stages are the convolutions before each pooling or convolution with a stride, and the last one, each with its
/// ReLU. What follows the features, from the first Flatten, Reshape, global pooling, ReduceMean, Gemm or MatMul on, is
/// left out. Networks with branches, such as the residual additions of a ResNet, are refused. Images of three channels
/// are normalised as torchvision's models expect: pixels in [0, 1], less the mean (0.485, 0.456, 0.406), over the
/// deviation (0.229, 0.224, 0.225); grey ones are pixels in [0, 1]. See docs/losses.md.
/// </remarks>
public static class OnnxFeatures
{
    /// <summary>The extension of the files.</summary>
    public const string Extension = ".onnx";

    private static readonly float[] Mean = [0.485f, 0.456f, 0.406f], Deviation = [0.229f, 0.224f, 0.225f];

    /// <summary>Reads a feature network; it is frozen.</summary>
    /// <param name="path">The file.</param>
    /// <param name="device">The network's device; null for the default device.</param>
    /// <returns>The network, which the caller disposes.</returns>
    /// <exception cref="InputException">
    /// The file is missing or damaged, or has an operator that cannot be read, which the message names.
    /// </exception>
    public static FeatureNetwork Read(string path, Device? device = null)
    {
        byte[] file;
        try
        {
            file = File.ReadAllBytes(path);
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            throw FileErrors.Reading(path, e);
        }
        return Read(file, path, device);
    }

    /// <summary>The same from the contents of a file.</summary>
    internal static FeatureNetwork Read(byte[] file, string path, Device? device = null)
    {
        ModelProto model;
        try
        {
            model = ModelProto.Parser.ParseFrom(file);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new InputException($"{path} is damaged, or no ONNX file", e);
        }
        if (model.Graph is null) throw new InputException($"{path} is no ONNX file: it has no graph");
        try
        {
            List<FeatureWeights> chain = FeatureChain.Read(model.Graph);
            chain.Insert(0, Normalization(chain[0].Layer.Inputs));
            return Build(chain, device);
        }
        catch (InputException e)
        {
            throw new InputException($"{path}: {Printable.OneLine(e.Message)}", e);
        }
    }

    private static FeatureNetwork Build(List<FeatureWeights> chain, Device? device)
    {
        var network = new FeatureNetwork([.. chain.Select(each => each.Layer)], new Initializer(0, device), device);
        IEnumerable<float[]> values =
            chain.Where(each => each.Weight.Length > 0).SelectMany(each => (float[][])[each.Weight, each.Bias]);
        foreach (((_, Tensor tensor), float[] of) in network.State().Zip(values)) tensor.CopyFrom(of);
        return network;
    }

    /// <summary>From pixels in [-0.5, 0.5] to what the network expects, as a convolution of 1x1 pixels.</summary>
    private static FeatureWeights Normalization(int channels)
    {
        if (channels is not (1 or 3))
            throw new InputException($"the network takes {channels} channels; images have 1 or 3");
        float[] weight = new float[channels * channels], bias = new float[channels];
        for (int i = 0; i < channels; i++)
        {
            (float mean, float deviation) = channels == 3 ? (Mean[i], Deviation[i]) : (0f, 1f);
            weight[i * channels + i] = 1 / deviation;
            bias[i] = (0.5f - mean) / deviation;
        }
        return new FeatureWeights(new FeatureLayer { Inputs = channels, Outputs = channels, Kernel = 1 }, weight, bias);
    }
}

/// <summary>A layer with its weights; a pooling has none.</summary>
internal sealed record FeatureWeights(FeatureLayer Layer, float[] Weight, float[] Bias);
