using Tessera.Quantization;
using Tessera.Tensors;

namespace Tessera.Tests.Quantization;

public class BitEntropyTests
{
    private const int Rows = 9;
    private const double Sharpness = 1.7;

    private static readonly LookupFreeQuantizerOptions Options = new() { Entropy = 0.3f, Diversity = 1.5f };

    /// <summary>Groups: as few as there can be of at most 12 bits, as equal as they can be.</summary>
    [Theory]
    [InlineData(1, new[] { 1 })]
    [InlineData(2, new[] { 2 })]
    [InlineData(7, new[] { 7 })]
    [InlineData(12, new[] { 12 })]
    [InlineData(13, new[] { 6, 7 })]
    [InlineData(25, new[] { 8, 8, 9 })]
    public void The_terms_are_those_of_all_combinations_of_each_group(int bits, int[] groups)
    {
        float[] values = [.. Enumerable.Range(0, Rows * bits).Select(i => MathF.Sin(i * 1.3f + i / bits))];
        using Tensor u = Tensor.From(values, [Rows, bits]);
        double expected = 0;
        int first = 0;
        foreach (int size in groups)
        {
            expected += OfGroup(values, bits, first, size);
            first += size;
        }
        using Tensor loss = new BitEntropy(Options, bits, (float)Sharpness, shape => Tensor.Zeros(shape)).Of(u);
        Assert.Equal(expected, loss.Item(), 1e-4);
    }

    [Fact]
    public void Bits_that_are_balanced_but_agree_cost_more_than_independent_ones()
    {
        using Tensor agreeing = Tensor.From([9, 9, -9, -9, 9, 9, -9, -9], [4, 2]);
        using Tensor independent = Tensor.From([9, 9, -9, -9, 9, -9, -9, 9], [4, 2]);
        var terms = new BitEntropy(Options, 2, 1, shape => Tensor.Zeros(shape));
        double difference = terms.Of(agreeing).Item() - terms.Of(independent).Item();
        // Two of four codes in place of all: ln 2 nats less.
        Assert.Equal(Options.Entropy * Options.Diversity * Math.Log(2), difference, 1e-2);
    }

    private static double OfGroup(float[] values, int bits, int first, int size)
    {
        double[] mean = new double[1 << size];
        double rows = 0;
        for (int row = 0; row < Rows; row++)
        {
            for (int code = 0; code < mean.Length; code++)
            {
                double p = 1;
                for (int bit = 0; bit < size; bit++)
                {
                    int sign = (code >> bit & 1) == 1 ? 1 : -1;
                    p /= 1 + Math.Exp(-sign * Sharpness * values[row * bits + first + bit]);
                }
                mean[code] += p / Rows;
                rows -= p * Math.Log(p) / Rows;
            }
        }
        return Options.Entropy * (rows + Options.Diversity * mean.Sum(p => p * Math.Log(p)));
    }
}
