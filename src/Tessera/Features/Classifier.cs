using Tessera.Tensors;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;

namespace Tessera.Features;

/// <summary>
/// A small convolutional classifier (in the manner of Simonyan and Zisserman 2015): three stages of 3x3 convolutions
/// with ReLUs, the mean of 2x2 pixels between two stages, the mean of each channel and a linear map to the classes.
/// Trained on the labels of images, its stages are a <see cref="FeatureNetwork"/>. A mean, because the gradient of a
/// maximum reaches one pixel of four, which leaves grain in images that follow it (Gatys et al. 2015, section 2).
/// </summary>
public sealed class Classifier : Module
{
    private readonly Linear _head;

    /// <summary>Creates a classifier with random weights.</summary>
    /// <param name="sizes">Its sizes.</param>
    /// <param name="seed">Seed of the random weights.</param>
    /// <param name="device">Its device; null for the default device.</param>
    /// <exception cref="InputException">An option is out of its range.</exception>
    public Classifier(ClassifierSizes sizes, ulong seed = 0, Device? device = null)
    {
        sizes.Validate();
        Sizes = sizes;
        var initializer = new Initializer(seed, device);
        Features = Child("features", new FeatureNetwork(sizes.Layers, initializer, device, isTrained: true));
        int last = Features.Layers[^1].Outputs;
        _head = Child("head", new Linear(
            last, Degradation.Kinds * sizes.Classes.Count, initializer, 1 / MathF.Sqrt(last)));
    }

    /// <summary>Its sizes.</summary>
    public ClassifierSizes Sizes { get; }

    /// <summary>The stages.</summary>
    public FeatureNetwork Features { get; }

    /// <summary>The logits of the classes of sharp images, then of blurred, then of grainy ones.</summary>
    /// <param name="images"><c>[batch, height, width, channels]</c>, pixels in [-0.5, 0.5].</param>
    /// <returns><c>[batch, 3 classes]</c>.</returns>
    /// <exception cref="ArgumentException">The images have other channels or are too small.</exception>
    public Tensor Forward(Tensor images)
    {
        Tensor means = Features.Forward(images)[^1].MapMeans();
        return _head.Forward(means.Reshape([means.Shape[0], means.Shape.Last]));
    }
}
