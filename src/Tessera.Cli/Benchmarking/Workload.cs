using Tessera.Models;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Optim;
using Tessera.Training;

namespace Tessera.Cli.Benchmarking;

/// <summary>
/// The operations of a model for benchmarks, without data loading, logging and saving: batches are given as numbers.
/// Memory is reused from call to call, as in a run.
/// </summary>
internal sealed class Workload : IDisposable
{
    private readonly VqVae _model;
    private readonly Adam _optimizer;
    private readonly double _dataVariance;
    private readonly Tape _training, _inference;

    /// <summary>Creates a model with initial weights, and an optimizer.</summary>
    /// <param name="model">The sizes and the quantizer of the model.</param>
    /// <param name="dataVariance">The variance of the images, above 0.</param>
    /// <param name="seed">The seed of the initial weights.</param>
    /// <param name="device">The device.</param>
    /// <exception cref="InputException">An option is out of range.</exception>
    public Workload(VqVaeOptions model, double dataVariance, ulong seed, Device device)
    {
        _model = new VqVae(model, seed, device);
        _optimizer = new Adam(_model, learningRate: 1e-4f);
        _dataVariance = dataVariance;
        _training = new Tape(device);
        _inference = new Tape(device, recording: false);
    }

    /// <summary>
    /// One training step: forward, backward, Adam with the reference notebook's learning rate of 1e-4.
    /// </summary>
    /// <param name="pixels">A batch, pixels in [-0.5, 0.5].</param>
    /// <param name="shape"><c>[batch, height, width, channels]</c>.</param>
    /// <returns>The loss before the step.</returns>
    public float Train(ReadOnlySpan<float> pixels, Shape shape)
    {
        _model.ClearGradients();
        TrainingLoss loss = TrainingLoss.Of(_model, _training.Input(pixels, shape), _dataVariance);
        _training.Backward(loss.Total);
        _optimizer.Step();
        float value = loss.Total.Item();
        _training.Reset();
        return value;
    }

    /// <summary>One forward pass through the whole model, without gradients.</summary>
    /// <param name="pixels">A batch, pixels in [-0.5, 0.5].</param>
    /// <param name="shape"><c>[batch, height, width, channels]</c>.</param>
    /// <returns>The loss.</returns>
    public float Evaluate(ReadOnlySpan<float> pixels, Shape shape)
    {
        float value = TrainingLoss.Of(_model, _inference.Input(pixels, shape), _dataVariance).Total.Item();
        _inference.Reset();
        return value;
    }

    /// <summary>Encodes images to codes.</summary>
    /// <param name="pixels">A batch, pixels in [-0.5, 0.5].</param>
    /// <param name="shape"><c>[batch, height, width, channels]</c>.</param>
    /// <returns>The codes, <c>[batch, height / P, width / P]</c>, P pixels per code, row-major.</returns>
    public int[] Encode(ReadOnlySpan<float> pixels, Shape shape)
    {
        int[] codes = _model.Encode(_inference.Input(pixels, shape)).ToArray();
        _inference.Reset();
        return codes;
    }

    /// <summary>Decodes codes to images.</summary>
    /// <param name="codes">The codes, <c>[batch, height / P, width / P]</c>, P pixels per code, row-major.</param>
    /// <param name="shape">The shape of the images, <c>[batch, height, width, channels]</c>.</param>
    /// <param name="pixels">Receives the pixels, about [-0.5, 0.5], not clamped.</param>
    public void Decode(ReadOnlySpan<int> codes, Shape shape, Span<float> pixels)
    {
        int height = shape[1] / _model.Options.PixelsPerCode, width = shape[2] / _model.Options.PixelsPerCode;
        _model.Decode(_inference.Indices(codes, [shape[0], height, width], _model.Options.Codes)).CopyTo(pixels);
        _inference.Reset();
    }

    /// <summary>Releases the memory of the tapes.</summary>
    public void Dispose()
    {
        _training.Dispose();
        _inference.Dispose();
        _optimizer.Dispose();
        _model.Dispose();
    }
}
