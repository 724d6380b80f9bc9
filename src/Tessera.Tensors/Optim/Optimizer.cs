using Tessera.Tensors.Devices;
using Tessera.Tensors.Nn;

namespace Tessera.Tensors.Optim;

/// <summary>
/// Moves a model's parameters by their gradients, step by step: <see cref="Adam"/> or <see cref="Muon"/>.
/// </summary>
/// <remarks>
/// What changes from step to step lies in an <see cref="UpdateBlock"/>. An optimizer with a block of its own makes a
/// step by <see cref="Step"/>. One that shares a block makes it in two parts: <see cref="Prepare"/> sets the numbers on
/// the host, and <see cref="Move"/>, after the block's upload, only enqueues primitives, the same ones each time.
/// </remarks>
public abstract class Optimizer : IDisposable
{
    private readonly bool _ownsBlock;

    /// <summary>Checks what all optimizers have in common.</summary>
    /// <param name="parameters">The parameters that are trained, all on one device.</param>
    /// <param name="learningRate">The learning rate, above 0.</param>
    /// <param name="weightDecay">The weight decay, at least 0.</param>
    /// <param name="block">The block for the step's numbers; null for one of its own.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The learning rate is not finite and above 0, or the weight decay is not finite and at least 0.
    /// </exception>
    private protected Optimizer(
        IReadOnlyList<Parameter> parameters, float learningRate, float weightDecay, UpdateBlock? block)
    {
        if (!(learningRate > 0 && float.IsFinite(learningRate)))
            throw new ArgumentOutOfRangeException(
                nameof(learningRate), learningRate, "the learning rate must be finite and above 0");
        if (!(weightDecay >= 0 && float.IsFinite(weightDecay)))
            throw new ArgumentOutOfRangeException(
                nameof(weightDecay), weightDecay, "the weight decay must be finite and at least 0");
        LearningRate = learningRate;
        WeightDecay = weightDecay;
        _ownsBlock = block is null;
        Block = block ?? new UpdateBlock(parameters.Count > 0 ? parameters[0].Tensor.Device : Device.Default);
        ParameterDecay = weightDecay > 0 ? Block.ReserveNumber() : 1;
    }

    /// <summary>The learning rate of the next step.</summary>
    public float LearningRate { get; set; }

    /// <summary>
    /// Decoupled weight decay: a step multiplies each decayed parameter by <c>1 - LearningRate * WeightDecay</c>.
    /// </summary>
    public float WeightDecay { get; }

    /// <summary>The number of steps made: t.</summary>
    public long Steps { get; set; }

    /// <summary>The block that holds the step's numbers.</summary>
    private protected UpdateBlock Block { get; }

    /// <summary>The factor of a decayed parameter; 1 without weight decay.</summary>
    private protected Number ParameterDecay { get; }

    /// <summary>
    /// The moments of the gradients, by name. With <see cref="Steps"/> they are the optimizer's whole state.
    /// </summary>
    public abstract IEnumerable<(string Name, Tensor Tensor)> State();

    /// <summary>
    /// Moves every parameter that has a gradient by one step; the others do not change. For an optimizer with a block
    /// of its own.
    /// </summary>
    public void Step()
    {
        Prepare();
        Block.Upload();
        Move();
    }

    /// <summary>Counts the next step and sets its numbers in the block, which the caller uploads.</summary>
    public void Prepare()
    {
        Steps++;
        if (WeightDecay > 0) Block.Set(ParameterDecay, (float)(1 - (double)LearningRate * WeightDecay));
        SetNumbers();
    }

    /// <summary>Moves the parameters that have a gradient by the step that was prepared.</summary>
    public abstract void Move();

    /// <summary>Frees the moments, and the block if it is the optimizer's own.</summary>
    public virtual void Dispose()
    {
        foreach ((_, Tensor tensor) in State()) tensor.Dispose();
        if (_ownsBlock) Block.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Sets the numbers of step <see cref="Steps"/>.</summary>
    private protected abstract void SetNumbers();

    /// <summary>A tensor of zeros like the parameter.</summary>
    private protected static Tensor ZerosLike(Tensor parameter) => Tensor.Zeros(parameter.Shape, parameter.Device);
}
