namespace Tessera.Tensors.Optim;

/// <summary>What moves a model's parameters by their gradients, step by step: <see cref="Adam"/> or <see cref="Muon"/>.</summary>
public abstract class Optimizer
{
    /// <summary>Checks what all optimizers have in common.</summary>
    /// <param name="learningRate">The learning rate, above 0.</param>
    /// <param name="weightDecay">The weight decay, 0 or above.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The learning rate is not a finite number above 0, or the weight decay not one of at least 0.
    /// </exception>
    private protected Optimizer(float learningRate, float weightDecay)
    {
        if (!(learningRate > 0 && float.IsFinite(learningRate)))
            throw new ArgumentOutOfRangeException(nameof(learningRate), learningRate, "A learning rate is finite and above 0.");
        if (!(weightDecay >= 0 && float.IsFinite(weightDecay)))
            throw new ArgumentOutOfRangeException(nameof(weightDecay), weightDecay, "A weight decay is finite and at least 0.");
        LearningRate = learningRate;
        WeightDecay = weightDecay;
    }

    /// <summary>The learning rate of the next step.</summary>
    public float LearningRate { get; set; }

    /// <summary>What a step takes off each parameter, as a part of it and of the learning rate: decoupled weight decay.</summary>
    public float WeightDecay { get; }

    /// <summary>How many steps were made: t.</summary>
    public long Steps { get; set; }

    /// <summary>What it remembers of the gradients so far, by name. With <see cref="Steps"/> it is all the state there is.</summary>
    public abstract IEnumerable<(string Name, Tensor Tensor)> State();

    /// <summary>Moves every parameter that has a gradient by one step; the others are left as they are.</summary>
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
