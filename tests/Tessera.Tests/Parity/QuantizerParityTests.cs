using Tessera.Quantization;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;
using Tessera.Tests.Quantization;

namespace Tessera.Tests.Parity;

/// <summary>Compares both quantizers with the reference notebook's in PyTorch, on every device.</summary>
public sealed class QuantizerParityTests
{
    private const float Commitment = 0.25f;
    private const double Decay = 0.99;
    private const int Updates = 10;

    public static TheoryData<int?, string?> Devices => ParityDevices.All();

    [Theory]
    [MemberData(nameof(Devices))]
    public void VectorQuantizer_agrees_with_PyTorch(int? threads, string? kernels)
    {
        using CpuDevice device = new(threads, kernels);
        using Tape tape = new(device);
        ParityFixture fixture = ParityFixture.Load("quantizer");
        foreach (string test in fixture.Lines("cases"))
        {
            Shape table = fixture.ShapeOf($"{test}/codebook");
            VectorQuantizer quantizer = new(
                table[0], table[1], new() { Commitment = Commitment }, new Initializer(seed: 0, device));
            quantizer.Table().CopyFrom(fixture.Values($"{test}/codebook"));
            Tensor x = tape.Variable(fixture.Values($"{test}/x"), fixture.ShapeOf($"{test}/x"));

            Quantized quantized = quantizer.Quantize(x, training: true);
            tape.Backward(quantized.Loss.Add(quantized.Vectors.WithGradient(fixture.Values($"{test}/dquantized"))));

            Assert.InRange(fixture.Number($"margin/{test}"), NearTieTests.Margin, double.MaxValue);
            int[] codes = quantized.Codes.ToArray();
            fixture.AssertSameCodes($"{test}/codes", codes, device.Description);
            fixture.AssertClose($"{test}/quantized", quantized.Vectors, device.Description);
            fixture.AssertClose($"{test}/loss", quantized.Loss, device.Description);
            fixture.AssertClose($"{test}/perplexity", [Perplexity(table[0], codes)], device.Description);
            fixture.AssertClose($"{test}/dx", x.Gradient!, device.Description);
            fixture.AssertClose($"{test}/dcodebook", quantizer.Table().Gradient!, device.Description);
            tape.Reset();
        }
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void EmaVectorQuantizer_agrees_with_PyTorch_over_ten_updates_and_in_evaluation(int? threads, string? kernels)
    {
        using CpuDevice device = new(threads, kernels);
        ParityFixture fixture = ParityFixture.Load("quantizer_ema");
        foreach (string test in fixture.Lines("cases")) CompareEma(fixture, test, device);
    }

    private static void CompareEma(ParityFixture fixture, string test, Device device)
    {
        using Tape tape = new(device);
        Shape table = fixture.ShapeOf($"{test}/codebook");
        EmaVectorQuantizer quantizer = new(
            table[0], table[1], new() { Commitment = Commitment, Decay = Decay }, new Initializer(seed: 0, device));
        quantizer.Table().CopyFrom(fixture.Values($"{test}/codebook"));
        quantizer.Sums.CopyFrom(fixture.Values($"{test}/sums"));
        Shape shape = fixture.ShapeOf($"{test}/dquantized");

        var losses = new List<float>();
        var perplexities = new List<float>();
        var codes = new List<int>();
        for (int pass = 1; pass <= Updates + 1; pass++)
        {
            Tensor x = tape.Variable(fixture.Values($"{test}/x").Slice((pass - 1) * shape.Length, shape.Length), shape);
            float[][] before = State(quantizer);
            Quantized quantized = quantizer.Quantize(x, training: pass <= Updates);
            losses.Add(quantized.Loss.Item());
            int[] chosen = quantized.Codes.ToArray();
            perplexities.Add(Perplexity(table[0], chosen));
            codes.AddRange(chosen);
            if (pass > Updates) Assert.Equal(before, State(quantizer));
            AssertGradient(fixture, test, pass, x, quantized);
            AssertState(fixture, test, pass, quantizer);
            tape.Reset();
        }
        Assert.InRange(fixture.Number($"margin/{test}"), NearTieTests.Margin, double.MaxValue);
        fixture.AssertSameCodes($"{test}/codes", [.. codes], device.Description);
        fixture.AssertRowsClose($"{test}/loss", [.. losses], device.Description);
        fixture.AssertRowsClose($"{test}/perplexity", [.. perplexities], device.Description);
    }

    private static void AssertGradient(ParityFixture fixture, string test, int pass, Tensor x, Quantized quantized)
    {
        if (!fixture.Has($"{test}/dx_{pass}")) return;
        Tensor loss = quantized.Loss.Add(quantized.Vectors.WithGradient(fixture.Values($"{test}/dquantized")));
        fixture.AssertClose($"{test}/quantized_{pass}", quantized.Vectors, x.Device.Description);
        x.Tape!.Backward(loss);
        fixture.AssertClose($"{test}/dx_{pass}", x.Gradient!, x.Device.Description);
    }

    private static void AssertState(ParityFixture fixture, string test, int pass, EmaVectorQuantizer quantizer)
    {
        if (!fixture.Has($"{test}/codebook_{pass}")) return;
        string where = quantizer.Table().Device.Description;
        fixture.AssertRowsClose($"{test}/sizes_{pass}", quantizer.ClusterSizes.ToArray(), where);
        fixture.AssertRowsClose($"{test}/sums_{pass}", quantizer.Sums.ToArray(), where);
        fixture.AssertRowsClose($"{test}/codebook_{pass}", quantizer.CodebookValues(), where);
    }

    private static float[][] State(EmaVectorQuantizer quantizer) =>
        [quantizer.CodebookValues(), quantizer.Sums.ToArray(), quantizer.ClusterSizes.ToArray()];

    private static float Perplexity(int codes, int[] chosen)
    {
        CodeUsage usage = new(codes);
        usage.Add(chosen);
        return (float)usage.Perplexity;
    }
}
