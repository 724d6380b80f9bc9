using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Ops;

namespace Tessera.Quantization;

/// <summary>
/// Computes on the tape of the input; without one, on a tape of its own, so that the memory of what lies between is
/// reused. The caller then disposes the result.
/// </summary>
internal static class OwnTape
{
    public static Tensor OnTape(this Tensor x, Func<Tensor, Tensor> compute)
    {
        if (x.Tape is not null) return compute(x);
        using var tape = new Tape(x.Device, recording: false);
        return compute(x.On(tape)).Clone();
    }

    public static Indices OnTape(this Tensor x, Func<Tensor, Indices> compute)
    {
        if (x.Tape is not null) return compute(x);
        using var tape = new Tape(x.Device, recording: false);
        return compute(x.On(tape)).Clone();
    }

    public static Tensor OnTape(this Indices x, Func<Indices, Tensor> compute)
    {
        if (x.Tape is not null) return compute(x);
        using var tape = new Tape(x.Device, recording: false);
        return compute(x.On(tape)).Clone();
    }
}
