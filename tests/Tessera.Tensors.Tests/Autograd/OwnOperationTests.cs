using Tessera.Tensors.Autograd;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Tests.Devices;
using Tessera.Tensors.Tests.Ops;

namespace Tessera.Tensors.Tests.Autograd;

/// <summary>Operations as a program outside the engine writes them, by public members alone.</summary>
public class OwnOperationTests
{
    [Fact]
    public void Its_gradients_are_those_of_its_formula()
    {
        GradientCheck.Assert(
            (_, inputs) => Multiply(inputs[0], inputs[1]),
            (Numbers.Normal(35, 1), [5, 7]), (Numbers.Normal(35, 2), [5, 7]));
        // Two gradients for one input, and an operation after it.
        GradientCheck.Assert(
            (_, inputs) => Twice(Multiply(inputs[0], inputs[0]).Add(inputs[0])), (Numbers.Normal(35, 1), [5, 7]));
    }

    /// <summary>
    /// A convolution writes 0 into the gradient of a ReLU's result where the ReLU would; another operation does not.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void It_adds_to_the_gradient_of_a_ReLU_beside_a_convolution(bool convolutionFirst)
    {
        // No element is within a step of the kink.
        float[] x = [.. Numbers.Normal(50, 1).Select(value => value + MathF.CopySign(2 * GradientCheck.Step, value))];
        GradientCheck.Assert(
            (_, inputs) =>
            {
                Tensor h = inputs[0].Relu();
                return convolutionFirst ? Convolution().Add(Product()) : Product().Add(Convolution());

                Tensor Convolution() => h.Conv2d(inputs[1], bias: null, stride: 1, padding: 1);
                Tensor Product() => Multiply(h, inputs[2]);
            },
            (x, [1, 5, 5, 2]), (Numbers.Normal(36, 2), [2, 2, 3, 3]), (Numbers.Normal(50, 3), [1, 5, 5, 2]));
    }

    [Fact]
    public void Its_result_is_on_the_tape_of_an_input_and_its_gradient_reaches_a_parameter()
    {
        Tensor weight = Tensor.From([2f, 3], [2]).AsParameter();
        using var tape = new Tape();
        Tensor y = Multiply(tape.Input([5, 7], [2]), weight);
        Assert.Same(tape, y.Tape);
        Assert.True(y.RequiresGradient);
        Assert.Equal([10f, 21], y.ToArray());
        tape.Backward(y.MeanSquaredError(tape.Input([0, 0], [2])));
        Assert.Equal([50f, 147], weight.Gradient!.ToArray());
    }

    [Fact]
    public void Nothing_is_recorded_where_no_gradient_is_required()
    {
        Tensor weight = Tensor.From([2f, 3], [2]).AsParameter();
        using var silent = new Tape(recording: false);
        using var tape = new Tape();
        Tensor onSilent = Multiply(silent.Input([5, 7], [2]), weight), free = Multiply(weight, weight);
        Tensor inputs = Multiply(tape.Input([5, 7], [2]), tape.Input([1, 2], [2]));
        Assert.All((Tensor[])[onSilent, free, inputs], result => Assert.False(result.RequiresGradient));
        Assert.Null(free.Tape);
        Assert.Equal([4f, 9], free.ToArray());
        Tensor unused = Tape.Record(Tape.Result([1], weight), _ => Assert.Fail("called without a tape"));
        Assert.False(unused.RequiresGradient);
    }

    [Fact]
    public void Inputs_that_do_not_belong_together_are_refused()
    {
        using Tape one = new(), two = new();
        Tensor x = one.Input([1], [1]);
        Assert.Throws<ArgumentException>(() => Tape.Result([1], x, two.Input([1], [1])));
        Assert.Throws<ArgumentException>(() => Tape.Result([1], x, Tensor.Zeros([1], Kernels.Reference)));
        // An optional input that is missing.
        Assert.Same(one, Tape.Result([1], (Tensor?)null, x).Tape);
    }

    /// <summary>y = a b, element by element: da = dy b, db = dy a.</summary>
    private static Tensor Multiply(Tensor a, Tensor b) => Tape.Record(Product(a, b), gradient =>
    {
        a.AddGradient(Product(gradient, b.Detach()));
        b.AddGradient(Product(gradient, a.Detach()));
    });

    private static Tensor Product(Tensor a, Tensor b)
    {
        Tensor product = Tape.Result(a.Shape, a, b);
        float[] left = a.ToArray(), right = b.ToArray();
        product.CopyFrom([.. left.Zip(right, (x, y) => x * y)]);
        return product;
    }

    /// <summary>y = 2 x, by an operation of the engine forward and backward.</summary>
    private static Tensor Twice(Tensor x)
    {
        Tensor y = Tape.Result(x.Shape, x);
        y.CopyFrom(x.Detach().Scale(2));
        return Tape.Record(y, gradient => x.AddGradient(gradient.Scale(2)));
    }
}
