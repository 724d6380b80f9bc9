using Tessera.Tensors.Devices;
using Tessera.Tensors.Nn;

namespace Tessera.Tensors.Optim;

/// <summary>
/// Adam (Kingma and Ba 2015, algorithm 1), with PyTorch's defaults and order of arithmetic:
/// <c>m = beta1*m + (1-beta1)*g</c>, <c>v = beta2*v + (1-beta2)*g^2</c>,
/// <c>p -= lr / (1-beta1^t) * m / (sqrt(v) / sqrt(1-beta2^t) + epsilon)</c>. With a weight decay it is AdamW
/// (Loshchilov and Hutter 2019, algorithm 2): first <c>p *= 1 - lr * decay</c>, which does not enter the moments.
/// </summary>
public sealed class Adam : Optimizer
{
    private const double Beta1 = 0.9, Beta2 = 0.999;
    private const float Epsilon = 1e-8f;

    private readonly List<Entry> _entries;
    private readonly Number _stepSize;
    private readonly Number _secondCorrection;

    /// <summary>Creates the optimizer for all parameters of a model, with moments of zero.</summary>
    /// <param name="model">The model whose parameters are trained.</param>
    /// <param name="learningRate">The learning rate, above 0.</param>
    /// <param name="weightDecay">
    /// AdamW's decay, at least 0 (PyTorch's default is 0.01); 0 gives Adam, bit for bit.
    /// </param>
    /// <param name="decayed">The roles of the parameters that decay.</param>
    /// <param name="block">The block for the step's numbers; null for one of its own.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The learning rate is not finite and above 0, or the weight decay is not finite and at least 0.
    /// </exception>
    public Adam(
        Module model, float learningRate, float weightDecay = 0, ParameterRoles decayed = ParameterRoles.All,
        UpdateBlock? block = null)
        : this([.. model.Parameters()], learningRate, weightDecay, decayed, block)
    {
    }

    /// <summary>The same for some of a model's parameters.</summary>
    internal Adam(
        IReadOnlyList<Parameter> parameters, float learningRate, float weightDecay, ParameterRoles decayed,
        UpdateBlock? block)
        : base(parameters, learningRate, weightDecay, block)
    {
        _stepSize = Block.ReserveNumber();
        _secondCorrection = Block.ReserveNumber();
        _entries =
        [
            .. parameters.Select(parameter => new Entry(
                parameter.Name, parameter.Tensor, ZerosLike(parameter.Tensor), ZerosLike(parameter.Tensor),
                decayed.HasFlag(parameter.Role) ? ParameterDecay : 1)),
        ];
    }

    /// <summary>
    /// The moments, by the parameter's full name and PyTorch's suffixes: <c>NAME.exp_avg</c> (m) and
    /// <c>NAME.exp_avg_sq</c> (v).
    /// </summary>
    public override IEnumerable<(string Name, Tensor Tensor)> State()
    {
        foreach (Entry entry in _entries)
        {
            yield return ($"{entry.Name}.exp_avg", entry.FirstMoment);
            yield return ($"{entry.Name}.exp_avg_sq", entry.SecondMoment);
        }
    }

    /// <inheritdoc/>
    public override void Move()
    {
        foreach (Entry entry in _entries)
        {
            if (entry.Parameter.Gradient is not { } gradient) continue;
            var numbers = new AdamStep(
                (float)Beta1, (float)(1 - Beta1), (float)Beta2, (float)(1 - Beta2), Epsilon, _stepSize,
                _secondCorrection, entry.Decay);
            entry.Parameter.Device.Adam(
                numbers, entry.Parameter.Storage, gradient.Storage, entry.FirstMoment.Storage,
                entry.SecondMoment.Storage);
        }
    }

    private protected override void SetNumbers()
    {
        Block.Set(_stepSize, (float)(LearningRate / (1 - Math.Pow(Beta1, Steps))));
        Block.Set(_secondCorrection, (float)Math.Sqrt(1 - Math.Pow(Beta2, Steps)));
    }

    private readonly record struct Entry(
        string Name, Tensor Parameter, Tensor FirstMoment, Tensor SecondMoment, Number Decay);
}
