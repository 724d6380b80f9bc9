using Tessera.Tensors.Devices;

namespace Tessera.Benchmarks;

/// <summary>The three passes of one convolution or transposed convolution in training, on random numbers.</summary>
internal sealed class ConvolutionPasses
{
    private readonly Device _device;
    private readonly Conv2dGeometry _geometry;
    private readonly bool _isTransposed;
    private readonly Storage<float> _input, _weight, _bias, _gradOutput;

    /// <summary>Allocates the tensors and fills the inputs.</summary>
    /// <param name="device">The device.</param>
    /// <param name="isTransposed">Whether it is a transposed convolution.</param>
    /// <param name="batch">Images.</param>
    /// <param name="size">Height and width of the input.</param>
    /// <param name="channels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="kernel">Height and width of the kernel.</param>
    /// <param name="stride">Stride.</param>
    /// <param name="padding">Zero pixels around the larger side.</param>
    public ConvolutionPasses(
        Device device, bool isTransposed, int batch, int size, int channels, int outChannels, int kernel, int stride,
        int padding)
    {
        _device = device;
        _isTransposed = isTransposed;
        int outSize = isTransposed
            ? (size - 1) * stride - 2 * padding + kernel
            : (size + 2 * padding - kernel) / stride + 1;
        _geometry = isTransposed
            ? new Conv2dGeometry(
                batch, outSize, outSize, outChannels, size, size, channels, kernel, kernel, stride, padding)
            : new Conv2dGeometry(
                batch, size, size, channels, outSize, outSize, outChannels, kernel, kernel, stride, padding);
        int inputLength = batch * size * size * channels, outputLength = batch * outSize * outSize * outChannels;
        int weightLength = channels * outChannels * kernel * kernel;
        _input = Numbers.Store(device, 0, inputLength);
        _weight = Numbers.Store(device, 1, weightLength);
        _bias = Numbers.Store(device, 2, outChannels);
        _gradOutput = Numbers.Store(device, 3, outputLength);
        Output = device.Allocate<float>(outputLength);
        GradInput = device.Allocate<float>(inputLength);
        GradWeight = device.Allocate<float>(weightLength);
    }

    public Storage<float> Output { get; }

    public Storage<float> GradInput { get; }

    public Storage<float> GradWeight { get; }

    public void Forward()
    {
        if (_isTransposed) _device.Conv2dTransposed(_geometry, _input, _weight, new Epilogue(_bias), Output);
        else _device.Conv2d(_geometry, _input, _weight, new Epilogue(_bias), Output);
    }

    public void InputGradient()
    {
        if (_isTransposed) _device.Conv2d(_geometry, _gradOutput, _weight, default, GradInput);
        else _device.Conv2dTransposed(_geometry, _gradOutput, _weight, default, GradInput);
    }

    public void WeightGradient()
    {
        (Storage<float> x, Storage<float> gradY) = _isTransposed ? (_gradOutput, _input) : (_input, _gradOutput);
        _device.Conv2dWeightGradient(
            _geometry, x, gradY, GradWeight, accumulate: false, gradBias: null, accumulateBias: false);
    }

    public double RootMeanSquare(Storage<float> storage)
    {
        float[] values = new float[storage.Length];
        _device.Download(storage, values);
        return Numbers.RootMeanSquare(values);
    }
}
