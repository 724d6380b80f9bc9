using Tessera.Tensors.Devices;
using Tessera.Tensors.Nn;

namespace Tessera.Tensors.Optim;

/// <summary>
/// Adam (Kingma and Ba 2015, algorithm 1), with PyTorch's defaults and order of arithmetic:
/// <c>m = beta1*m + (1-beta1)*g</c>, <c>v = beta2*v + (1-beta2)*g^2</c>,
/// <c>p -= lr / (1-beta1^t) * m / (sqrt(v) / sqrt(1-beta2^t) + epsilon)</c>.
/// With a weight decay it is AdamW (Loshchilov and Hutter 2019, algorithm 2): first <c>p *= 1 - lr * decay</c>, which the
/// moments do not see. A parameter that has no gradient is left as it is.
/// </summary>
public sealed class Adam
{
    private const double Beta1 = 0.9, Beta2 = 0.999;
    private const float Epsilon = 1e-8f;

    private readonly List<Entry> _entries;

    /// <summary>Creates the optimizer for all parameters of a model, with moments of zero.</summary>
    /// <param name="model">What is trained.</param>
    /// <param name="learningRate">The learning rate, above 0.</param>
    /// <param name="weightDecay">
    /// AdamW's decay of every parameter, 0 or above (0.01 is PyTorch's default); with 0 it is Adam, to the bit.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The learning rate is not a finite number above 0, or the weight decay not one of at least 0.
    /// </exception>
    public Adam(Module model, float learningRate, float weightDecay = 0)
    {
        if (!(learningRate > 0 && float.IsFinite(learningRate)))
            throw new ArgumentOutOfRangeException(nameof(learningRate), learningRate, "A learning rate is finite and above 0.");
        if (!(weightDecay >= 0 && float.IsFinite(weightDecay)))
            throw new ArgumentOutOfRangeException(nameof(weightDecay), weightDecay, "A weight decay is finite and at least 0.");
        LearningRate = learningRate;
        WeightDecay = weightDecay;
        _entries =
        [
            .. model.Parameters().Select(parameter => new Entry(
                parameter.Name, parameter.Tensor,
                Tensor.Zeros(parameter.Tensor.Shape, parameter.Tensor.Device),
                Tensor.Zeros(parameter.Tensor.Shape, parameter.Tensor.Device))),
        ];
    }

    /// <summary>The learning rate of the next step.</summary>
    public float LearningRate { get; set; }

    /// <summary>What a step takes off each parameter, as a part of it and of the learning rate.</summary>
    public float WeightDecay { get; }

    /// <summary>How many steps were made: t.</summary>
    public long Steps { get; set; }

    /// <summary>
    /// The moments, named as PyTorch names them behind the parameter's full name: <c>NAME.exp_avg</c> (m) and
    /// <c>NAME.exp_avg_sq</c> (v). With <see cref="Steps"/> they are all the state there is.
    /// </summary>
    public IEnumerable<(string Name, Tensor Tensor)> State()
    {
        foreach (Entry entry in _entries)
        {
            yield return ($"{entry.Name}.exp_avg", entry.FirstMoment);
            yield return ($"{entry.Name}.exp_avg_sq", entry.SecondMoment);
        }
    }

    /// <summary>Moves every parameter that has a gradient by one step.</summary>
    public void Step()
    {
        Steps++;
        var numbers = new AdamStep(
            (float)Beta1, (float)(1 - Beta1), (float)Beta2, (float)(1 - Beta2), Epsilon,
            StepSize: (float)(LearningRate / (1 - Math.Pow(Beta1, Steps))),
            SecondCorrection: (float)Math.Sqrt(1 - Math.Pow(Beta2, Steps)),
            ParameterDecay: (float)(1 - (double)LearningRate * WeightDecay));
        foreach (Entry entry in _entries)
        {
            if (entry.Parameter.Gradient is not { } gradient) continue;
            entry.Parameter.Device.Adam(
                numbers, entry.Parameter.Storage, gradient.Storage, entry.FirstMoment.Storage, entry.SecondMoment.Storage);
        }
    }

    private readonly record struct Entry(string Name, Tensor Parameter, Tensor FirstMoment, Tensor SecondMoment);
}
