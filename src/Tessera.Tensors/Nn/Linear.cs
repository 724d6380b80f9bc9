using Tessera.Tensors.Ops;

namespace Tessera.Tensors.Nn;

/// <summary>
/// A linear map of each row with its weights; see <see cref="TensorOperations.Linear"/>. The weights are normal with
/// the standard deviation that the model chooses, the bias is zero.
/// </summary>
public sealed class Linear : Module
{
    /// <summary>Creates the layer with initial weights.</summary>
    /// <param name="inputs">Numbers of an input row.</param>
    /// <param name="outputs">Numbers of an output row.</param>
    /// <param name="initializer">Makes the initial weights.</param>
    /// <param name="deviation">The standard deviation of the initial weights.</param>
    /// <param name="bias">Whether a bias is added.</param>
    public Linear(int inputs, int outputs, Initializer initializer, float deviation, bool bias = true)
    {
        Weight = Parameter("weight", initializer.Normal([outputs, inputs], deviation), ParameterRoles.Matrix);
        if (bias) Bias = Parameter("bias", initializer.Zeros([outputs]), ParameterRoles.Vector);
    }

    /// <summary><c>[outputs, inputs]</c>.</summary>
    public Tensor Weight { get; }

    /// <summary><c>[outputs]</c>, or null.</summary>
    public Tensor? Bias { get; }

    /// <summary>Maps each row.</summary>
    /// <param name="x">Any shape with the inputs innermost.</param>
    /// <param name="addend">Added to the result; has its shape, or null for none.</param>
    /// <param name="gelu">Whether a GELU is applied to the sum.</param>
    /// <returns>The shape of x with the outputs innermost.</returns>
    /// <exception cref="ArgumentException">The input has rows of another size.</exception>
    public Tensor Forward(Tensor x, Tensor? addend = null, bool gelu = false) =>
        x.Linear(Weight, Bias, addend, gelu);
}
