using Tessera.Tensors.Devices;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;

namespace Tessera.Tensors.Optim;

/// <summary>
/// Muon (Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks"): a step moves all singular
/// directions of a weight matrix by about the same amount, while the gradient has a few large ones. With g the gradient
/// and W the weight of a convolution as a matrix, <c>[first channels, second channels x kernel]</c>:
/// <c>m = 0.95 m + 0.05 g</c>, <c>u = 0.95 m + 0.05 g</c> (Nesterov momentum),
/// <c>W = (1 - lr * decay) W - 0.2 lr sqrt(max(rows, columns)) orthogonal(u)</c>, where orthogonal(u) is computed by
/// the Newton-Schulz iteration (<see cref="Device.Orthogonalize"/>). The factor makes a step about as large as a usual
/// step of Adam, so that both take the same learning rate (Liu et al. 2025, "Muon is Scalable for LLM Training",
/// equation 4). It is PyTorch's <c>torch.optim.Muon</c> with <c>adjust_lr_fn="match_rms_adamw"</c>, applied to
/// convolution kernels.
/// </summary>
/// <remarks>
/// Muon moves the kernels of convolutions with at least <see cref="FewestChannels"/> channels on both sides; with fewer
/// there are too few singular values to gain from it. <see cref="Adam"/> moves the other parameters: biases, tables,
/// and the layers next to the pictures. The weight decay applies to all parameters. During a step, the directions of
/// all these kernels take as much memory as the kernels.
/// </remarks>
/// <example><code>
/// var optimizer = new Muon(model, learningRate: 2e-3f);
/// model.ClearGradients();
/// tape.Backward(loss);
/// optimizer.Step();
/// </code></example>
public sealed class Muon : Optimizer
{
    /// <summary>A convolution with fewer channels on either side is left to Adam.</summary>
    public const int FewestChannels = 16;

    private const double Momentum = 0.95;
    private const double StepOfAdam = 0.2;

    private readonly List<Entry> _entries;
    private readonly Adam _adam;

    /// <summary>Creates the optimizer for all parameters of a model, with moments of zero.</summary>
    /// <param name="model">The model whose parameters are trained.</param>
    /// <param name="learningRate">The learning rate, above 0.</param>
    /// <param name="weightDecay">Decoupled decay of every parameter, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The learning rate is not finite and above 0, or the weight decay is not finite and at least 0.
    /// </exception>
    public Muon(Module model, float learningRate, float weightDecay = 0) : base(learningRate, weightDecay)
    {
        ILookup<bool, (string Name, Tensor Tensor)> parameters =
            model.Parameters().ToLookup(parameter => IsMatrix(parameter.Tensor.Shape));
        _entries =
        [
            .. parameters[true].Select(
                parameter => new Entry(parameter.Name, parameter.Tensor, ZerosLike(parameter.Tensor))),
        ];
        _adam = new Adam(parameters[false], learningRate, weightDecay);
    }

    /// <summary>
    /// The momenta, by the parameter's full name and PyTorch's suffix, <c>NAME.momentum_buffer</c> (m); then Adam's
    /// moments of the other parameters.
    /// </summary>
    public override IEnumerable<(string Name, Tensor Tensor)> State() =>
        _entries.Select(entry => ($"{entry.Name}.momentum_buffer", entry.Momentum)).Concat(_adam.State());

    /// <inheritdoc/>
    internal override void MoveParameters()
    {
        (_adam.LearningRate, _adam.Steps) = (LearningRate, Steps);
        _adam.MoveParameters();
        var moved = new List<(Entry Entry, Storage Direction)>(_entries.Count);
        foreach (Entry entry in _entries)
        {
            if (entry.Parameter.Gradient is not null) moved.Add((entry, LookAhead(entry)));
        }
        // All at once: a single matrix is too small to divide among the threads.
        foreach (var ofDevice in moved.GroupBy(move => move.Entry.Parameter.Device))
            ofDevice.Key.Orthogonalize([.. ofDevice.Select(move => (move.Direction, move.Entry.Columns))]);
        foreach ((Entry entry, Storage direction) in moved) Move(entry, direction);
    }

    /// <summary>Updates the momentum and returns u in a rented buffer.</summary>
    private static Storage LookAhead(Entry entry)
    {
        Device device = entry.Parameter.Device;
        Storage ahead = device.Rent(entry.Parameter.Storage.Length);
        entry.Momentum.MoveAverage(entry.Parameter.Gradient!, Momentum);
        device.Scale(entry.Momentum.Storage, (float)Momentum, ahead, accumulate: false);
        device.Scale(entry.Parameter.Gradient!.Storage, (float)(1 - Momentum), ahead, accumulate: true);
        return ahead;
    }

    /// <summary>Moves the weight against a direction and returns the direction's buffer.</summary>
    private void Move(Entry entry, Storage direction)
    {
        Device device = entry.Parameter.Device;
        Storage weight = entry.Parameter.Storage;
        if (WeightDecay > 0)
            device.Scale(weight, (float)(1 - (double)LearningRate * WeightDecay), weight, accumulate: false);
        float size = (float)(-StepOfAdam * LearningRate * Math.Sqrt(Math.Max(entry.Rows, entry.Columns)));
        device.Scale(direction, size, weight, accumulate: true);
        device.Return(direction);
    }

    private static bool IsMatrix(Shape shape) =>
        shape.Rank == 4 && shape[0] >= FewestChannels && shape[1] >= FewestChannels;

    private readonly record struct Entry(string Name, Tensor Parameter, Tensor Momentum)
    {
        public int Rows => Parameter.Shape[0];

        public int Columns => Parameter.Storage.Length / Rows;
    }
}
