using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Tests.Devices;

namespace Tessera.Tensors.Tests.Ops;

/// <summary>The gradients of the operations of models of sequences, and what dropout promises.</summary>
public class SequenceGradientTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3, 17)]
    [InlineData(1, 5, 7, 3)]
    public void Gelu(params int[] sizes)
    {
        GradientCheck.AssertSmooth((_, inputs) => inputs[0].Gelu(), Input(1, sizes));
        // Two uses of x: the gradients add up.
        GradientCheck.AssertSmooth((_, inputs) => inputs[0].Gelu().Add(inputs[0].Scale(2)), Input(1, sizes));
    }

    [Theory]
    [InlineData(1, 5)]
    [InlineData(3, 16)]
    [InlineData(2, 3, 19)]
    public void LayerNorm(params int[] sizes)
    {
        // Wide apart, so that a step is small beside the deviation of a row.
        (float[] values, Shape shape) = Input(1, sizes);
        for (int i = 0; i < values.Length; i++) values[i] *= 3;
        int columns = sizes[^1];
        GradientCheck.AssertSmooth(
            (_, inputs) => inputs[0].LayerNorm(inputs[1], inputs[2]), (values, shape), Input(2, columns),
            Input(3, columns));
        GradientCheck.AssertSmooth(
            (_, inputs) => inputs[0].LayerNorm(inputs[1], inputs[2]).Add(inputs[0].LayerNorm(inputs[1], inputs[2]))
                .Add(inputs[0]),
            (values, shape), Input(2, columns), Input(3, columns));
    }

    /// <summary>
    /// Differences in double precision: a float32 mean over many rows hardly changes with a single logit.
    /// </summary>
    [Theory]
    [InlineData(1, 2)]
    [InlineData(3, 16)]
    [InlineData(2, 3, 19)]
    public void CrossEntropy(params int[] sizes)
    {
        const double Step = 1e-4;
        (float[] x, Shape shape) = Input(1, sizes);
        int[] targets = Numbers.Indices(shape.Rows, shape.Last, 2);
        float[] expected = new float[x.Length];
        for (int i = 0; i < x.Length; i++)
            expected[i] = (float)(0.7f * (MeanLoss(x, targets, i, Step) - MeanLoss(x, targets, i, -Step)) / (2 * Step));
        foreach (Device device in Kernels.All)
        {
            using var tape = new Tape(device);
            Tensor logits = tape.Variable(x, shape);
            Tensor loss = logits.CrossEntropy(tape.Indices(targets, shape.WithoutLast(), shape.Last));
            Assert.Equal(MeanLoss(x, targets, 0, 0), loss.Item(), 1e-6);
            tape.Backward(loss.Scale(0.7f));
            double error = Numbers.RelativeError(expected, logits.Gradient!.ToArray());
            Assert.True(error <= GradientCheck.Tolerance, $"{device.Description}: {shape} is off by {error:E1}");
        }
    }

    [Theory]
    [InlineData(3, 2, 3)]
    [InlineData(7, 20, 5, 7)]
    public void Linear(int inputs, int outputs, params int[] rows)
    {
        GradientCheck.Assert(
            (_, given) => given[0].Linear(given[1], given[2], given[3]),
            Input(1, [.. rows, inputs]), Input(2, outputs, inputs), Input(3, outputs), Input(4, [.. rows, outputs]));
        GradientCheck.Assert(
            (_, given) => given[0].Linear(given[1]), Input(1, [.. rows, inputs]), Input(2, outputs, inputs));
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(0.3f)]
    [InlineData(0.9f)]
    public void Dropout(float rate) => GradientCheck.Assert(
        (tape, inputs) => inputs[0].Dropout(Mask(tape, rate, update: 3)).Add(inputs[0].Scale(0.1f)), Input(1, 5, 37));

    [Fact]
    public void Cross_entropy_of_equal_logits_is_the_logarithm_of_their_number()
    {
        foreach (Device device in Kernels.All)
        {
            using var tape = new Tape(device);
            using Tensor losses = Tensor.Zeros([2, 2], device);
            Tensor logits = tape.Input([.. Enumerable.Repeat(5f, 12)], [2, 2, 3]);
            float loss = logits.CrossEntropy(tape.Indices([0, 2, 2, 1], [2, 2], limit: 3), losses).Item();
            Assert.Equal(Math.Log(3), loss, 1e-6);
            Assert.All(losses.ToArray(), value => Assert.Equal(Math.Log(3), value, 1e-6));
        }
    }

    [Theory]
    [InlineData(0.1f)]
    [InlineData(0.5f)]
    public void Dropout_drops_the_share_and_keeps_the_mean(float rate)
    {
        const int Length = 100_000;
        foreach (Device device in Kernels.All)
        {
            using var tape = new Tape(device);
            Tensor ones = tape.Input([.. Enumerable.Repeat(1f, Length)], [Length]);
            float[] y = ones.Dropout(Mask(tape, rate, update: 1)).ToArray();
            // 4 standard deviations of a binomial distribution.
            double allowed = 4 * Math.Sqrt(rate * (1 - rate) / Length);
            Assert.InRange(y.Count(value => value == 0) / (double)Length, rate - allowed, rate + allowed);
            Assert.All(y, value => Assert.True(value == 0 || value == 1 / (1 - rate), $"a value of {value}"));
        }
    }

    [Fact]
    public void Each_update_and_each_stream_has_its_own_mask_and_the_backward_pass_the_same()
    {
        foreach (Device device in Kernels.All)
        {
            using var tape = new Tape(device);
            float[] first = Mask(1), second = Mask(2), again = Mask(1), other = Mask(1, stream: 1 << 20);
            Assert.Equal(first, again);
            Assert.NotEqual(first, second);
            Assert.NotEqual(first, other);

            float[] Mask(int update, ulong stream = 0)
            {
                tape.Reset();
                Tensor x = tape.Variable([.. Enumerable.Repeat(1f, 200)], [200]);
                Tensor y = x.Dropout(new DropoutMask(0.5f, 7, stream, Update(tape, update)));
                tape.Backward(y.WithGradient([.. Enumerable.Repeat(1f, 200)]));
                Assert.Equal(y.ToArray(), x.Gradient!.ToArray());
                return y.ToArray();
            }
        }
    }

    [Fact]
    public void Dropout_at_a_rate_of_0_is_the_input_itself()
    {
        using var tape = new Tape();
        Tensor x = tape.Input([1, 2], [2]);
        Assert.Same(x, x.Dropout(Mask(tape, 0, update: 1)));
    }

    [Fact]
    public void Sequences_become_inputs_and_targets()
    {
        foreach (Device device in Kernels.All)
        {
            using var tape = new Tape(device);
            Indices sequences = tape.Indices([1, 2, 3, 4, 5, 6], [2, 3], limit: 7);
            (Indices inputs, Indices targets) = tape.GatherSequences(
                sequences, tape.Indices([1, 0, 1], [3], limit: 2), tape.Indices([8, 9, 7], [3], limit: 10));
            Assert.Equal([8, 4, 5, 9, 1, 2, 7, 4, 5], inputs.ToArray());
            Assert.Equal([4, 5, 6, 1, 2, 3, 4, 5, 6], targets.ToArray());
            Assert.Equal((10, 7), (inputs.Limit, targets.Limit));
            Assert.Equal((new Shape(3, 3), new Shape(3, 3)), (inputs.Shape, targets.Shape));
        }
    }

    /// <summary>The mean cross-entropy after one logit has moved.</summary>
    private static double MeanLoss(float[] logits, int[] targets, int moved, double step)
    {
        double[] x = [.. logits.Select((value, i) => i == moved ? value + step : value)];
        return x.Chunk(x.Length / targets.Length)
            .Zip(targets, (row, target) => Math.Log(row.Sum(Math.Exp)) - row[target]).Average();
    }

    private static DropoutMask Mask(Tape tape, float rate, int update) => new(rate, 7, 100, Update(tape, update));

    private static Storage<int> Update(Tape tape, int update) => tape.Indices([update], [1], limit: 1000).Storage;

    private static (float[] Values, Shape Shape) Input(ulong stream, params int[] sizes)
    {
        var shape = new Shape(sizes);
        return (Numbers.Normal(shape.Length, stream), shape);
    }
}
