using Tessera.Models;
using Tessera.Quantization;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Tensors.Ops;

namespace Tessera.Tests.Parity;

/// <summary>
/// Compares a model with two levels with the formulas of VQ-VAE-2 in PyTorch: reconstruction, losses, codes of both
/// levels, and the gradients of all weights.
/// </summary>
public sealed class TwoLevelParityTests
{
    public static TheoryData<int?, string?> Devices => ParityDevices.All();

    [Theory]
    [MemberData(nameof(Devices))]
    public void A_model_with_two_levels_agrees_with_PyTorch(int? threads, string? kernels)
    {
        ParityFixture fixture = ParityFixture.Load("two_levels");
        foreach (string test in fixture.Lines("cases"))
        {
            using CpuDevice device = new(threads, kernels);
            int[] numbers = [.. fixture.Lines($"options/{test}")[0].Split(' ').Select(int.Parse)];
            using var model = new VqVae(
                new VqVaeOptions
                {
                    Hidden = 16,
                    ResidualHidden = 8,
                    CodeDim = 8,
                    Stride = numbers[0],
                    GroupNorm = numbers[1],
                    Attention = numbers[2],
                    Codes = numbers[3],
                    Cell = new CellOptions { Top = true },
                },
                device: device);
            Dictionary<string, Tensor> state = model.StateNamed(fixture.Lines($"parameters/{test}"));
            foreach ((string name, Tensor tensor) in state)
            {
                Assert.Equal(fixture.ShapeOf($"{test}/weights/{name}"), tensor.Shape);
                tensor.CopyFrom(fixture.Values($"{test}/weights/{name}"));
            }

            using Tape tape = new(device);
            Tensor x = tape.Input(fixture.Values($"{test}/x"), fixture.ShapeOf($"{test}/x"));
            VqVaeOutput output = model.Forward(x);
            Tensor reconError = output.Reconstruction.MeanSquaredError(x);
            tape.Backward(reconError.Add(output.Quantized.Loss));

            string where = $"{device.Description}, {test}";
            fixture.AssertSameCodes($"{test}/top", output.Quantized.Levels[0].Codes.ToArray(), where);
            fixture.AssertSameCodes($"{test}/lower", output.Quantized.Levels[1].Codes.ToArray(), where);
            fixture.AssertClose($"{test}/y", output.Reconstruction, where);
            fixture.AssertClose($"{test}/loss", output.Quantized.Loss, where);
            fixture.AssertClose($"{test}/recon_error", reconError, where);
            foreach ((string name, Tensor tensor) in state)
                fixture.AssertClose($"{test}/gradients/{name}", tensor.Gradient!, where);
        }
    }
}
