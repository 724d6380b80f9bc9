using Tessera.Tensors.Ops;

namespace Tessera.Tensors.Nn;

/// <summary>
/// Group normalisation with its gain and bias; see <see cref="TensorOperations.GroupNorm"/>. The gain starts at one and
/// the bias at zero.
/// </summary>
public sealed class GroupNorm : Module
{
    private readonly int _groups;

    /// <summary>Creates the layer.</summary>
    /// <param name="channels">Channels of the maps.</param>
    /// <param name="groups">The number of groups, a divisor of the channels.</param>
    /// <param name="initializer">Makes the initial values.</param>
    public GroupNorm(int channels, int groups, Initializer initializer)
    {
        _groups = groups;
        Tensor ones = initializer.Zeros([channels]);
        ones.Fill(1);
        Weight = Parameter("weight", ones, ParameterRoles.Vector);
        Bias = Parameter("bias", initializer.Zeros([channels]), ParameterRoles.Vector);
    }

    /// <summary>The gain, <c>[channels]</c>.</summary>
    public Tensor Weight { get; }

    /// <summary><c>[channels]</c>.</summary>
    public Tensor Bias { get; }

    /// <summary>Normalises each group of channels of each map.</summary>
    /// <param name="x"><c>[batch, ..., channels]</c>.</param>
    /// <param name="relu">Whether a ReLU is applied to the result, in the same pass over memory.</param>
    /// <returns>The shape of x.</returns>
    /// <exception cref="ArgumentException">
    /// The input has other channels, or the groups do not divide them.
    /// </exception>
    public Tensor Forward(Tensor x, bool relu = false) => x.GroupNorm(Weight, Bias, _groups, relu);
}
