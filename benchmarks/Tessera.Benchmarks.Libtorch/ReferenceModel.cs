using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Tessera.Benchmarks.Libtorch;

/// <summary>
/// The reference notebook's model with its default sizes, operation for operation that of
/// <c>benchmarks/pytorch/reference_model.py</c>. Images are NCHW.
/// </summary>
internal sealed class ReferenceModel
{
    private const int Channels = 3, Hidden = 128;

    private readonly FirstWeights _weights;
    private readonly Convolution _encoder1, _encoder2, _encoder3, _beforeQuantizer, _decoder1;
    private readonly Convolution _decoderUp1, _decoderUp2;
    private readonly ResidualStack _encoderStack, _decoderStack;

    /// <summary>Creates the model: layers in the order of their weights' random streams.</summary>
    public ReferenceModel(MemoryLayout layout, bool isEma)
    {
        _weights = new FirstWeights(layout);
        _encoder1 = new Convolution(_weights, Channels, Hidden / 2, kernel: 4, stride: 2, padding: 1);
        _encoder2 = new Convolution(_weights, Hidden / 2, Hidden, kernel: 4, stride: 2, padding: 1);
        _encoder3 = new Convolution(_weights, Hidden, Hidden, kernel: 3, padding: 1);
        _encoderStack = new ResidualStack(_weights, Hidden);
        _beforeQuantizer = new Convolution(_weights, Hidden, ReferenceQuantizer.CodeDim, kernel: 1);
        Quantizer = isEma ? new EmaQuantizer(_weights) : new GradientQuantizer(_weights);
        _decoder1 = new Convolution(_weights, ReferenceQuantizer.CodeDim, Hidden, kernel: 3, padding: 1);
        _decoderStack = new ResidualStack(_weights, Hidden);
        _decoderUp1 = new Convolution(
            _weights, Hidden, Hidden / 2, kernel: 4, stride: 2, padding: 1, isTransposed: true);
        _decoderUp2 = new Convolution(
            _weights, Hidden / 2, Channels, kernel: 4, stride: 2, padding: 1, isTransposed: true);
    }

    public ReferenceQuantizer Quantizer { get; }

    public IReadOnlyList<Parameter> Trained => _weights.Trained;

    /// <summary>The loss: mean squared error over the data's variance, plus the quantizer's.</summary>
    public Tensor Loss(Tensor images, double variance, bool training)
    {
        (Tensor loss, Tensor quantized) = Quantizer.Quantize(ToLatents(images), training);
        return functional.mse_loss(Decode(quantized), images) / variance + loss;
    }

    /// <summary>Images to latents <c>[batch, codeDim, height / 4, width / 4]</c>.</summary>
    public Tensor ToLatents(Tensor images)
    {
        Tensor x = _encoder1.Forward(images).relu();
        x = _encoder2.Forward(x).relu();
        return _beforeQuantizer.Forward(_encoderStack.Forward(_encoder3.Forward(x)));
    }

    /// <summary>Quantized latents to images.</summary>
    public Tensor Decode(Tensor quantized)
    {
        Tensor x = _decoderStack.Forward(_decoder1.Forward(quantized));
        return _decoderUp2.Forward(_decoderUp1.Forward(x).relu());
    }
}

/// <summary>A convolution or a transposed convolution.</summary>
internal sealed class Convolution
{
    private readonly Parameter _weight;
    private readonly Parameter? _bias;
    private readonly long[] _strides, _padding;
    private readonly bool _isTransposed;

    public Convolution(
        FirstWeights weights, int inChannels, int outChannels, int kernel, int stride = 1, int padding = 0,
        bool hasBias = true, bool isTransposed = false)
    {
        _weight = isTransposed
            ? weights.Kernel(inChannels, outChannels, kernel)
            : weights.Kernel(outChannels, inChannels, kernel);
        _bias = hasBias ? weights.Bias(outChannels) : null;
        _strides = [stride, stride];
        _padding = [padding, padding];
        _isTransposed = isTransposed;
    }

    public Tensor Forward(Tensor x) => _isTransposed
        ? functional.conv_transpose2d(x, _weight, _bias, _strides, _padding)
        : functional.conv2d(x, _weight, _bias, _strides, _padding);
}

/// <summary>Two residual blocks and a ReLU.</summary>
internal sealed class ResidualStack
{
    private const int Layers = 2, ResidualHidden = 32;

    private readonly (Convolution Wide, Convolution Narrow)[] _layers = new (Convolution, Convolution)[Layers];

    public ResidualStack(FirstWeights weights, int hidden)
    {
        for (int i = 0; i < Layers; i++)
        {
            var wide = new Convolution(weights, hidden, ResidualHidden, kernel: 3, padding: 1, hasBias: false);
            _layers[i] = (wide, new Convolution(weights, ResidualHidden, hidden, kernel: 1, hasBias: false));
        }
    }

    public Tensor Forward(Tensor x)
    {
        foreach ((Convolution wide, Convolution narrow) in _layers)
        {
            // In place, as in the reference notebook: the skip connection carries relu(x), not x.
            x = x.relu_();
            x = x + narrow.Forward(wide.Forward(x).relu_());
        }
        return x.relu();
    }
}
