using Tessera.Tensors.Devices;
using Tessera.Tensors.Nn;

namespace Tessera.Tensors.Tests.Optim;

/// <summary>
/// The smallest model whose tensors an optimizer could mix up: two vectors of zeros, and a buffer it must not change.
/// </summary>
internal sealed class TwoParameters : Module
{
    public const int Length = 37;

    public TwoParameters(Device? device = null, int length = Length)
    {
        First = Parameter("first", Tensor.Zeros([length], device), ParameterRoles.Table);
        Second = Parameter("second", Tensor.Zeros([length], device), ParameterRoles.Vector);
        Untrained = Buffer("untrained", Tensor.Zeros([length], device));
    }

    public Tensor First { get; }

    public Tensor Second { get; }

    public Tensor Untrained { get; }
}

internal static class GivenGradient
{
    /// <summary>Sets the gradient of a parameter without a backward pass.</summary>
    public static void SetGradient(this Tensor parameter, ReadOnlySpan<float> gradient) =>
        parameter.Device.Upload(gradient, parameter.Slot.Target(out _));
}
