using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Tests.Devices;

namespace Tessera.Tensors.Tests.Ops;

public class AttentionTests
{
    /// <summary>Batch, length, heads, head width.</summary>
    [Theory]
    [InlineData(1, 1, 1, 1)]
    [InlineData(2, 3, 2, 1)]
    [InlineData(1, 7, 1, 3)]
    [InlineData(2, 4, 2, 5)]
    public void Gradients_are_the_differences(int batch, int length, int heads, int width)
    {
        Shape shape = [batch, length, 3 * heads * width];
        float[] x = Numbers.Normal(shape.Length, 1);
        GradientCheck.AssertSmooth((_, inputs) => inputs[0].Attention(heads, causal: true), (x, shape));
        GradientCheck.AssertSmooth((_, inputs) => inputs[0].Attention(heads, causal: false), (x, shape));
    }

    /// <summary>Position by position, as a sampler does; the projections that are not there yet are NaN.</summary>
    [Fact]
    public void CausalAttention_of_each_position_has_the_bits_of_all_together()
    {
        const int Batch = 3, Length = 9, Heads = 2, Row = 3 * Heads * 5;
        float[] values = Numbers.Normal(Batch * Length * Row, 1), known = [.. values];
        Array.Fill(known, float.NaN);
        foreach (CpuDevice device in Kernels.All)
        {
            using var tape = new Tape(device, recording: false);
            float[] all = tape.Input(values, [Batch, Length, Row]).Attention(Heads, causal: true).ToArray();
            for (int position = 0; position < Length; position++)
            {
                for (int i = position; i < Batch * Length; i += Length)
                    values.AsSpan(i * Row, Row).CopyTo(known.AsSpan(i * Row));
                Tensor y = tape.Input(new float[Batch * Row / 3], [Batch, 1, Row / 3]);
                tape.Input(known, [Batch, Length, Row]).CausalAttention(Heads, position, y);
                for (int i = 0; i < Batch; i++)
                {
                    Assert.True(
                        Numbers.SameBits(
                            all.AsSpan((i * Length + position) * Row / 3, Row / 3),
                            y.ToArray().AsSpan(i * Row / 3, Row / 3)),
                        $"{device.Description}: position {position} of sequence {i} differs");
                }
            }
            Array.Fill(known, float.NaN);
        }
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_named()
    {
        Tensor x = Tensor.Zeros([2, 5, 24]);
        AssertSays<ArgumentException>(() => x.Attention(heads: 3, causal: true), "[2, 5, 24]", "3 * 3 * head width");
        AssertSays<ArgumentException>(() => Tensor.Zeros([5, 24]).Attention(2, causal: false), "[5, 24]");
        AssertSays<ArgumentOutOfRangeException>(() => x.Attention(heads: 0, causal: true), "heads");
        AssertSays<ArgumentOutOfRangeException>(() => x.CausalAttention(-1, 0, Tensor.Zeros([2, 1, 8])), "heads");
        foreach (Tensor y in (Tensor[])[Tensor.Zeros([2, 8]), Tensor.Zeros([1, 1, 8]), Tensor.Zeros([2, 1, 9])])
            AssertSays<ArgumentException>(() => x.CausalAttention(2, 0, y), y.Shape.ToString(), "[2, 5, 24]");
        AssertSays<ArgumentException>(() => x.CausalAttention(2, -1, Tensor.Zeros([2, 1, 8])), "position -1");
        AssertSays<ArgumentException>(
            () => x.CausalAttention(2, 4, Tensor.Zeros([2, 2, 8])), "position 4", "[2, 2, 8]");
    }

    [Fact]
    public void Tensors_of_two_devices_are_refused()
    {
        using var one = new CpuDevice(1, "reference");
        using var two = new CpuDevice(2, "vector128");
        Tensor x = Tensor.Zeros([1, 2, 6], one), y = Tensor.Zeros([1, 1, 2], two);
        AssertSays<ArgumentException>(() => x.CausalAttention(1, 0, y), one.Description, two.Description);
    }

    /// <summary>The gradient of projections is written once, so that nothing clears it first.</summary>
    [Fact]
    public void Projections_with_two_readers_are_refused()
    {
        using var tape = new Tape();
        Tensor x = tape.Variable(Numbers.Normal(24, 1), [1, 2, 12]);
        Tensor sum = x.Attention(2, causal: true).Add(x.Attention(2, causal: false));
        Tensor loss = sum.MeanSquaredError(tape.Input(new float[8], [1, 2, 4]));
        AssertSays<InvalidOperationException>(() => tape.Backward(loss), "one reader");
    }

    private static void AssertSays<T>(Action action, params string[] parts) where T : Exception
    {
        string message = Assert.Throws<T>(action).Message;
        foreach (string part in parts) Assert.Contains(part, message, StringComparison.Ordinal);
    }
}
