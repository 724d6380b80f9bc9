using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Tests.Devices;

/// <summary>The softmax with and without noise, and the entropy of rows.</summary>
public class SoftmaxKernelTests
{
    /// <summary>Sums of up to 700 terms, and exponents of up to 100, each rounded to 2^-24.</summary>
    private const double Tolerance = 3e-6;

    /// <summary>Rows and columns; 1,100 columns are more than the noise makes at once, 700 are no whole vectors.</summary>
    public static TheoryData<int, int> Sizes => new() { { 1, 2 }, { 5, 3 }, { 40, 64 }, { 33, 700 }, { 3, 1100 } };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Softmax_agrees(int rows, int columns)
    {
        Storage<float> x = Kernels.Store(Numbers.Normal(rows * columns, 1));
        Kernels.AssertAgree(
            "Softmax", Tolerance, (device, to) => device.Softmax(x, columns, 0.3f, null, to[0]),
            new float[rows * columns]);
        // A part of a batch starts anywhere in the block of four numbers that the generator makes at once.
        foreach (long first in (long[])[0, 1, 3, 4098, (1L << 33) + 2])
        {
            var noise = new NoiseSource(9, 1000, Kernels.Store([7]), first);
            Kernels.AssertAgree(
                $"Softmax with noise from {first}", Tolerance,
                (device, to) => device.Softmax(x, columns, 0.3f, noise, to[0]), new float[rows * columns]);
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void SoftmaxGradient_agrees(int rows, int columns)
    {
        Storage<float> p = Probabilities(rows, columns), gradY = Kernels.Store(Numbers.Normal(rows * columns, 2));
        foreach (bool accumulate in (bool[])[false, true])
        {
            Kernels.AssertAgree(
                $"SoftmaxGradient, accumulate {accumulate}", Tolerance,
                (device, to) => device.SoftmaxGradient(p, columns, 0.3f, gradY, to[0], accumulate),
                Numbers.Normal(rows * columns, 3));
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void RowEntropy_agrees(int rows, int columns)
    {
        Storage<float> p = Probabilities(rows, columns);
        foreach (var weights in (EntropyWeights[])[new(1, 0), new(0, -1), new(0.5f, -2)])
        {
            Kernels.AssertAgree(
                $"RowEntropy, {weights}", Tolerance,
                (device, to) => device.RowEntropy(p, columns, weights, to[0], to[1]), new float[columns], new float[1]);
        }
    }

    private static Storage<float> Probabilities(int rows, int columns)
    {
        Storage<float> p = Kernels.Store(new float[rows * columns]);
        Kernels.Reference.Softmax(Kernels.Store(Numbers.Normal(rows * columns, 1)), columns, 0.5f, null, p);
        return p;
    }
}
