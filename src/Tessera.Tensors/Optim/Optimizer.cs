namespace Tessera.Tensors.Optim;

/// <summary>
/// Moves a model's parameters by their gradients, step by step: <see cref="Adam"/> or <see cref="Muon"/>.
/// </summary>
public abstract class Optimizer
{
    /// <summary>Checks what all optimizers have in common.</summary>
    /// <param name="learningRate">The learning rate, above 0.</param>
    /// <param name="weightDecay">The weight decay, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The learning rate is not finite and above 0, or the weight decay is not finite and at least 0.
    /// </exception>
    private protected Optimizer(float learningRate, float weightDecay)
    {
        if (!(learningRate > 0 && float.IsFinite(learningRate)))
            throw new ArgumentOutOfRangeException(
                nameof(learningRate), learningRate, "the learning rate must be finite and above 0");
        if (!(weightDecay >= 0 && float.IsFinite(weightDecay)))
            throw new ArgumentOutOfRangeException(
                nameof(weightDecay), weightDecay, "the weight decay must be finite and at least 0");
        LearningRate = learningRate;
        WeightDecay = weightDecay;
    }

    /// <summary>The learning rate of the next step.</summary>
    public float LearningRate { get; set; }

    /// <summary>
    /// Decoupled weight decay: a step multiplies each parameter by <c>1 - LearningRate * WeightDecay</c>.
    /// </summary>
    public float WeightDecay { get; }

    /// <summary>The number of steps made: t.</summary>
    public long Steps { get; set; }

    /// <summary>
    /// The moments of the gradients, by name. With <see cref="Steps"/> they are the optimizer's whole state.
    /// </summary>
    public abstract IEnumerable<(string Name, Tensor Tensor)> State();

    /// <summary>Moves every parameter that has a gradient by one step; the others do not change.</summary>
    public void Step()
    {
        Steps++;
        MoveParameters();
    }

    /// <summary>Moves the parameters by step <see cref="Steps"/>.</summary>
    internal abstract void MoveParameters();

    /// <summary>A tensor of zeros like the parameter.</summary>
    private protected static Tensor ZerosLike(Tensor parameter) => Tensor.Zeros(parameter.Shape, parameter.Device);
}
