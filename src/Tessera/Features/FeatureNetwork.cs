using Tessera.Tensors;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;

namespace Tessera.Features;

/// <summary>
/// A chain of convolutions and poolings by whose features images are compared: the perceptual distance of Zhang, Isola,
/// Efros, Shechtman and Wang, "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", 2018. It is
/// frozen, unless it was made to be trained as part of a <see cref="Classifier"/>.
/// </summary>
public sealed class FeatureNetwork : Module
{
    private const int MostLayers = 1000, LargestSize = 1 << 16;

    private readonly (Tensor Weight, Tensor Bias)?[] _weights;

    /// <summary>
    /// Creates a network with random weights (He et al. 2015: uniform, variance 2 / fan in) and biases of 0.
    /// </summary>
    /// <param name="layers">Its layers; at least one of them is a stage.</param>
    /// <param name="initializer">Makes the weights.</param>
    /// <param name="device">The device of the initializer; null for the default device.</param>
    /// <param name="isTrained">Whether the weights are parameters, which get gradients.</param>
    /// <exception cref="InputException">The layers do not fit together.</exception>
    public FeatureNetwork(
        IReadOnlyList<FeatureLayer> layers, Initializer initializer, Device? device = null, bool isTrained = false)
    {
        Validate(layers);
        Layers = layers;
        Device = device ?? Device.Default;
        _weights = new (Tensor, Tensor)?[layers.Count];
        for (int i = 0; i < layers.Count; i++)
        {
            FeatureLayer layer = layers[i];
            if (layer.Kind != FeatureLayerKind.Convolution) continue;
            float bound = MathF.Sqrt(6f / (layer.Inputs * layer.Kernel * layer.Kernel));
            Tensor weight = initializer.Uniform([layer.Outputs, layer.Inputs, layer.Kernel, layer.Kernel], bound);
            Tensor bias = initializer.Zeros([layer.Outputs]);
            (string weightName, string biasName) = ($"{i}.weight", $"{i}.bias");
            _weights[i] = isTrained
                ? (Parameter(weightName, weight, ParameterRoles.Matrix),
                    Parameter(biasName, bias, ParameterRoles.Vector))
                : (Buffer(weightName, weight), Buffer(biasName, bias));
        }
    }

    /// <summary>The layers.</summary>
    public IReadOnlyList<FeatureLayer> Layers { get; }

    /// <summary>The device of its tensors.</summary>
    public Device Device { get; }

    /// <summary>Channels of the images that it takes.</summary>
    public int Channels => Layers[0].Inputs;

    /// <summary>The smallest height and width, up to 65,536, that every layer up to the last stage can take.</summary>
    public int SmallestSize => Enumerable.Range(1, LargestSize).FirstOrDefault(Fits, LargestSize);

    /// <summary>The features of images at each stage.</summary>
    /// <param name="images"><c>[batch, height, width, channels]</c>, pixels in [-0.5, 0.5].</param>
    /// <returns>For each stage, <c>[batch, its height, its width, its channels]</c>.</returns>
    /// <exception cref="ArgumentException">The images have other channels or are too small.</exception>
    public IReadOnlyList<Tensor> Forward(Tensor images)
    {
        var stages = new List<Tensor>();
        Tensor x = images;
        for (int i = 0; i < Layers.Count; i++)
        {
            FeatureLayer layer = Layers[i];
            x = layer.Kind switch
            {
                FeatureLayerKind.MaxPool => x.MaxPool(layer.Kernel, layer.Stride, layer.Padding),
                FeatureLayerKind.AveragePool => x.AveragePool(layer.Kernel, layer.Stride, layer.Padding),
                _ => x.Conv2d(
                    _weights[i]!.Value.Weight, _weights[i]!.Value.Bias, layer.Stride, layer.Padding, relu: layer.Relu),
            };
            if (layer.IsStage) stages.Add(x);
        }
        return stages;
    }

    /// <summary>
    /// The perceptual distance (Zhang et al. 2018, equation 1, with w = 1): at each stage l the features of each
    /// position are scaled to unit length, and
    /// <c>d = sum over l of mean over images and positions of |f_l(x) - f_l(y)|^2</c>; a stage adds 0 to 4.
    /// </summary>
    /// <param name="images">Images x, <c>[batch, height, width, channels]</c>, pixels in [-0.5, 0.5].</param>
    /// <param name="others">Images y of the same shape; both may get a gradient.</param>
    /// <returns>A scalar, shape <c>[]</c>.</returns>
    /// <exception cref="ArgumentException">
    /// The images differ in shape, have other channels or are too small.
    /// </exception>
    public Tensor Distance(Tensor images, Tensor others)
    {
        Tensor? distance = null;
        foreach ((Tensor x, Tensor y) in Forward(images).Zip(Forward(others)))
        {
            Tensor stage = x.UnitRowDistance(y);
            distance = distance?.Add(stage) ?? stage;
        }
        return distance!;
    }

    /// <summary>Checks that the network can take images.</summary>
    /// <exception cref="InputException">It cannot; the message says why.</exception>
    internal void CheckFit(int height, int width, int channels)
    {
        if (channels != Channels)
            throw new InputException(
                $"the feature network takes images with {Channels} channels; these have {channels}");
        if (!Fits(Math.Min(height, width)))
            throw new InputException(
                $"images of {height}x{width} are too small for the feature network, which needs {SmallestSize} pixels "
                + "in each direction");
    }

    /// <summary>Checks that layers form a network.</summary>
    /// <exception cref="InputException">They do not; the message says why.</exception>
    internal static void Validate(IReadOnlyList<FeatureLayer> layers)
    {
        if (layers.Count is 0 or > MostLayers)
            throw new InputException($"a feature network has 1 to {MostLayers} layers, not {layers.Count}");
        for (int i = 0; i < layers.Count; i++)
        {
            // Null only if a file says so.
            if (layers[i] is null) throw new InputException($"layer {i} of the feature network is missing");
            layers[i].Validate();
            if (i > 0 && layers[i].Inputs != layers[i - 1].Outputs)
                throw new InputException(
                    $"layer {i} of the feature network takes {layers[i].Inputs} channels; the layer before it gives "
                    + $"{layers[i - 1].Outputs}");
        }
        if (!layers[^1].IsStage) throw new InputException("the last layer of a feature network must be a stage");
    }

    private bool Fits(int size)
    {
        foreach (FeatureLayer layer in Layers)
        {
            size = layer.SizeAfter(size);
            if (size < 1) return false;
        }
        return true;
    }
}
