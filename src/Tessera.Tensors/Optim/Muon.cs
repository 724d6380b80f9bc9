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
/// Muon moves parameters of the role <see cref="ParameterRoles.Matrix"/> with at least <see cref="FewestChannels"/>
/// rows and columns; with fewer there are too few singular values to gain from it. <see cref="Adam"/> moves the other
/// parameters: vectors, tables, and the layers next to the images. During a step, the directions of all these kernels
/// take as much memory as the kernels.
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
    private readonly Dictionary<int, Number> _stepSizes;
    private readonly Adam _adam;

    /// <summary>Creates the optimizer for all parameters of a model, with moments of zero.</summary>
    /// <param name="model">The model whose parameters are trained.</param>
    /// <param name="learningRate">The learning rate, above 0.</param>
    /// <param name="weightDecay">Decoupled decay, at least 0.</param>
    /// <param name="decayed">The roles of the parameters that decay.</param>
    /// <param name="block">The block for the step's numbers; null for one of its own.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The learning rate is not finite and above 0, or the weight decay is not finite and at least 0.
    /// </exception>
    public Muon(
        Module model, float learningRate, float weightDecay = 0, ParameterRoles decayed = ParameterRoles.All,
        UpdateBlock? block = null)
        : this([.. model.Parameters()], learningRate, weightDecay, decayed, block)
    {
    }

    private Muon(
        Parameter[] parameters, float learningRate, float weightDecay, ParameterRoles decayed, UpdateBlock? block)
        : base(parameters, learningRate, weightDecay, block)
    {
        _entries =
        [
            .. parameters.Where(IsMatrix).Select(parameter => new Entry(
                parameter.Name, parameter.Tensor, ZerosLike(parameter.Tensor),
                decayed.HasFlag(parameter.Role) ? ParameterDecay : 1)),
        ];
        _stepSizes = _entries.Select(entry => entry.LargerSide).Distinct()
            .ToDictionary(side => side, _ => Block.ReserveNumber());
        _adam = new Adam(
            [.. parameters.Where(parameter => !IsMatrix(parameter))], learningRate, weightDecay, decayed, Block);
    }

    /// <summary>
    /// The momenta, by the parameter's full name and PyTorch's suffix, <c>NAME.momentum_buffer</c> (m); then Adam's
    /// moments of the other parameters.
    /// </summary>
    public override IEnumerable<(string Name, Tensor Tensor)> State() =>
        _entries.Select(entry => ($"{entry.Name}.momentum_buffer", entry.Momentum)).Concat(_adam.State());

    /// <inheritdoc/>
    public override void Move()
    {
        _adam.Move();
        var moved = new List<(Entry Entry, Storage<float> Direction)>(_entries.Count);
        foreach (Entry entry in _entries)
        {
            if (entry.Parameter.Gradient is not null) moved.Add((entry, LookAhead(entry)));
        }
        if (moved.Count == 0) return;
        // All at once: a single matrix is too small to divide among the threads.
        Block.Device.Orthogonalize([.. moved.Select(move => (move.Direction, move.Entry.Columns))]);
        foreach ((Entry entry, Storage<float> direction) in moved) Move(entry, direction);
    }

    private protected override void SetNumbers()
    {
        foreach ((int side, Number size) in _stepSizes)
            Block.Set(size, (float)(-StepOfAdam * LearningRate * Math.Sqrt(side)));
        (_adam.LearningRate, _adam.Steps) = (LearningRate, Steps - 1);
        _adam.Prepare();
    }

    /// <summary>Updates the momentum and returns u in a rented buffer.</summary>
    private static Storage<float> LookAhead(Entry entry)
    {
        Device device = entry.Parameter.Device;
        Storage<float> ahead = device.Rent(entry.Parameter.Storage.Length);
        entry.Momentum.MoveAverage(entry.Parameter.Gradient!, Momentum);
        device.Scale(entry.Momentum.Storage, (float)Momentum, ahead, accumulate: false);
        device.Scale(entry.Parameter.Gradient!.Storage, (float)(1 - Momentum), ahead, accumulate: true);
        return ahead;
    }

    /// <summary>Moves the weight against a direction and returns the direction's buffer.</summary>
    private void Move(Entry entry, Storage<float> direction)
    {
        Device device = entry.Parameter.Device;
        Storage<float> weight = entry.Parameter.Storage;
        if (entry.Decay != 1) device.Scale(weight, entry.Decay, weight, accumulate: false);
        device.Scale(direction, _stepSizes[entry.LargerSide], weight, accumulate: true);
        device.Return(direction);
    }

    private static bool IsMatrix(Parameter parameter) =>
        parameter.Role == ParameterRoles.Matrix
        && parameter.Tensor.Shape[0] >= FewestChannels && parameter.Tensor.Shape[1] >= FewestChannels;

    private readonly record struct Entry(string Name, Tensor Parameter, Tensor Momentum, Number Decay)
    {
        public int Columns => Parameter.Shape.Length / Parameter.Shape[0];

        public int LargerSide => Math.Max(Parameter.Shape[0], Columns);
    }
}
