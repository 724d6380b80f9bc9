using Tessera.Tensors.Ops;

namespace Tessera.Tensors.Nn;

/// <summary>
/// Layer normalisation with its gain and bias; see <see cref="TensorOperations.LayerNorm"/>. The gain starts at one and
/// the bias at zero.
/// </summary>
public sealed class LayerNorm : Module
{
    /// <summary>Creates the layer.</summary>
    /// <param name="columns">Numbers of a row.</param>
    /// <param name="initializer">Makes the initial values.</param>
    public LayerNorm(int columns, Initializer initializer)
    {
        Tensor ones = initializer.Zeros([columns]);
        ones.Fill(1);
        Weight = Parameter("weight", ones, ParameterRoles.Vector);
        Bias = Parameter("bias", initializer.Zeros([columns]), ParameterRoles.Vector);
    }

    /// <summary>The gain, <c>[columns]</c>.</summary>
    public Tensor Weight { get; }

    /// <summary><c>[columns]</c>.</summary>
    public Tensor Bias { get; }

    /// <summary>Normalises each row.</summary>
    /// <param name="x">Any shape with the columns innermost.</param>
    /// <returns>The shape of x.</returns>
    /// <exception cref="ArgumentException">The input has rows of another size.</exception>
    public Tensor Forward(Tensor x) => x.LayerNorm(Weight, Bias);
}
