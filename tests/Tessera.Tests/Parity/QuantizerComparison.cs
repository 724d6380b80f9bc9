using Tessera.Quantization;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Ops;

namespace Tessera.Tests.Parity;

/// <summary>Compares one training step of a quantizer with a case of a fixture.</summary>
internal static class QuantizerComparison
{
    /// <summary>
    /// Gives the quantizer the fixture's tensors and compares vectors, codes, loss, all gradients, and the running
    /// averages after the step.
    /// </summary>
    /// <param name="fixture">The file.</param>
    /// <param name="test">The case in it.</param>
    /// <param name="quantizer">The quantizer, which this disposes.</param>
    /// <param name="tensors">The names of the quantizer's tensors in its state and in the fixture.</param>
    public static void Check(
        ParityFixture fixture, string test, Quantizer quantizer, params (string Name, string Fixture)[] tensors)
    {
        using Quantizer _ = quantizer;
        using var tape = new Tape(quantizer.Device);
        Dictionary<string, Tensor> state = quantizer.State().ToDictionary(entry => entry.Name, entry => entry.Tensor);
        foreach ((string name, string values) in tensors) state[name].CopyFrom(fixture.Values($"{test}/{values}"));
        Tensor x = tape.Variable(fixture.Values($"{test}/x"), fixture.ShapeOf($"{test}/x"));

        Quantized quantized = quantizer.Quantize(x, training: true);
        tape.Backward(quantized.Loss.Add(quantized.Vectors.WithGradient(fixture.Values($"{test}/dquantized"))));

        string where = $"{quantizer.Device.Description}, {test}";
        fixture.AssertSameCodes($"{test}/codes", quantized.Codes.ToArray(), where);
        fixture.AssertClose($"{test}/quantized", quantized.Vectors, where);
        // A quantizer without a loss has the loss 0.
        fixture.AssertClose($"{test}/loss", quantized.Loss, where);
        fixture.AssertClose($"{test}/dx", x.Gradient!, where);
        foreach ((string name, string values) in tensors)
        {
            Assert.True(
                fixture.Has($"{test}/d{values}") == state[name].Gradient is not null,
                $"Either Tessera or PyTorch has a gradient of {values} on {where}, not both.");
            if (state[name].Gradient is { } gradient) fixture.AssertClose($"{test}/d{values}", gradient, where);
            if (fixture.Has($"{test}/after_{values}"))
                fixture.AssertRowsClose($"{test}/after_{values}", state[name].ToArray(), where);
        }
    }
}
