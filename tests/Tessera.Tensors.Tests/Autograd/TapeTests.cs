using Tessera.Tensors.Autograd;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Tests.Devices;

namespace Tessera.Tensors.Tests.Autograd;

public class TapeTests
{
    private static readonly float[] Zeros = new float[2];

    /// <summary>The example in the documentation of <see cref="Tensor"/>.</summary>
    [Fact]
    public void Backward_finds_the_gradient_of_a_parameter()
    {
        Tensor weight = Tensor.From([1f, 2f], [2]).AsParameter();
        using var tape = new Tape();
        Tensor x = tape.Input([3f, 5f], [2]);
        tape.Backward(x.Add(weight).MeanSquaredError(tape.Input([0f, 0f], [2])));
        Assert.Equal([4f, 7f], weight.Gradient!.ToArray());
        Assert.Null(x.Gradient);
    }

    [Fact]
    public void Gradients_of_two_uses_in_one_pass_add_up()
    {
        Tensor weight = Parameter();
        using var tape = new Tape();
        // (3w)^2 summed over two elements and halved: dL/dw = 9w.
        Tensor y = tape.Input(Zeros, [2]).Add(weight).Add(weight.Add(tape.Input(Zeros, [2])).Scale(2));
        tape.Backward(y.MeanSquaredError(tape.Input(Zeros, [2])));
        Assert.Equal([9f, -18f], weight.Gradient!.ToArray());
    }

    [Fact]
    public void Gradients_of_two_passes_add_up_until_they_are_cleared()
    {
        Tensor weight = Parameter();
        using var tape = new Tape();
        Pass();
        Assert.Equal([1f, -2f], weight.Gradient!.ToArray());
        Pass();
        Assert.Equal([2f, -4f], weight.Gradient!.ToArray());
        weight.ClearGradient();
        Assert.Null(weight.Gradient);
        Pass();
        Assert.Equal([1f, -2f], weight.Gradient!.ToArray());

        void Pass()
        {
            tape.Backward(Loss(tape, weight));
            tape.Reset();
        }
    }

    [Fact]
    public void A_gradient_is_told_to_be_final_after_the_first_operation_that_uses_its_parameter()
    {
        Tensor early = Parameter(), reshaped = Parameter(), late = Parameter(), unused = Parameter();
        using var tape = new Tape();
        Tensor x = tape.Input(Zeros, [2]).Add(early);
        x = x.Add(reshaped.On(tape).Reshape([2, 1]).Reshape([2]));
        Tensor y = x.Add(late).Add(early);
        var told = new List<(Tensor Parameter, float[] Gradient)>();
        tape.Backward(
            y.MeanSquaredError(tape.Input(Zeros, [2])),
            final => told.AddRange(final.Select(parameter => (parameter, parameter.Gradient!.ToArray()))));
        Assert.Equal([late, reshaped, early], told.Select(one => one.Parameter));
        // (2 early + reshaped + late)^2, a mean over two elements.
        Assert.Equal([4f, -8f], told[0].Gradient);
        Assert.All(told, one => Assert.Equal(one.Parameter.Gradient!.ToArray(), one.Gradient));
        Assert.Equal([8f, -16f], early.Gradient!.ToArray());
        Assert.Null(unused.Gradient);
    }

    [Fact]
    public void A_final_gradient_takes_no_more_until_it_is_cleared()
    {
        Tensor weight = Parameter();
        using var tape = new Tape();
        tape.Backward(Loss(tape, weight), _ => { });
        tape.Reset();
        var error = Assert.Throws<InvalidOperationException>(() => tape.Backward(Loss(tape, weight)));
        Assert.Contains("was final in this backward pass", error.Message, StringComparison.Ordinal);
        tape.Reset();
        weight.ClearGradient();
        tape.Backward(Loss(tape, weight));
        Assert.Equal([1f, -2f], weight.Gradient!.ToArray());
    }

    [Fact]
    public void Two_losses_on_one_tape_each_have_their_pass()
    {
        Tensor weight = Parameter();
        using var tape = new Tape();
        tape.Backward(Loss(tape, weight));
        tape.Backward(Loss(tape, weight));
        Assert.Equal([2f, -4f], weight.Gradient!.ToArray());
    }

    [Fact]
    public void No_gradient_flows_through_a_detached_tensor()
    {
        using var tape = new Tape();
        Tensor x = tape.Variable([1f, -2f], [2]);
        Tensor y = x.Scale(3);
        tape.Backward(y.MeanSquaredError(y.Detach().Scale(2)));
        // d/dy of mean (y - 6x)^2 is y - 6x = -3x, times 3.
        Assert.Equal([-9f, 18f], x.Gradient!.ToArray());
        Assert.False(y.Detach().RequiresGradient);
        Assert.True(y.RequiresGradient);
    }

    [Fact]
    public void A_detached_tensor_is_the_same_memory()
    {
        Tensor weight = Parameter();
        Tensor detached = weight.Detach();
        weight.Fill(5);
        Assert.Equal([5f, 5f], detached.ToArray());
    }

    [Fact]
    public void A_parameter_outside_the_loss_gets_no_gradient()
    {
        Tensor used = Parameter(), unused = Parameter();
        using var tape = new Tape();
        _ = Loss(tape, unused);
        tape.Backward(Loss(tape, used));
        Assert.NotNull(used.Gradient);
        Assert.Null(unused.Gradient);
    }

    [Fact]
    public void A_tensor_cannot_be_used_after_the_reset_of_its_tape()
    {
        Tensor weight = Parameter();
        var tape = new Tape();
        Tensor input = tape.Input([1, 2], [2]), sum = input.Add(weight), detached = sum.Detach();
        Tensor variable = tape.Variable([1, 2], [2]);
        tape.Backward(variable.MeanSquaredError(input));
        Tensor gradient = variable.Gradient!;
        tape.Reset();
        foreach (Tensor tensor in (Tensor[])[input, sum, detached, variable, gradient])
        {
            var error = Assert.Throws<ObjectDisposedException>(() => tensor.ToArray());
            Assert.Contains("reset", error.Message, StringComparison.Ordinal);
            Assert.Throws<ObjectDisposedException>(() => tensor.Scale(2));
            Assert.Throws<ObjectDisposedException>(() => tensor.Fill(0));
            Assert.Throws<ObjectDisposedException>(() => tensor.AsSpan());
        }
        Assert.Equal([1f, -2f], weight.ToArray());
        tape.Reset();
    }

    [Fact]
    public void A_parameters_gradient_outlives_the_reset()
    {
        Tensor weight = Parameter();
        using var tape = new Tape();
        tape.Backward(Loss(tape, weight));
        tape.Reset();
        Assert.Equal([1f, -2f], weight.Gradient!.ToArray());
    }

    [Fact]
    public void Backward_a_second_time_throws()
    {
        Tensor weight = Parameter();
        using var tape = new Tape();
        Tensor loss = Loss(tape, weight);
        tape.Backward(loss);
        var error = Assert.Throws<InvalidOperationException>(() => tape.Backward(loss));
        Assert.Contains("Backward has been called", error.Message, StringComparison.Ordinal);
        Assert.Equal([1f, -2f], weight.Gradient!.ToArray());
    }

    [Fact]
    public void Backward_of_anything_but_a_loss_throws()
    {
        Tensor weight = Parameter();
        using var tape = new Tape();
        using var other = new Tape();
        Tensor sum = tape.Input(Zeros, [2]).Add(weight);
        var notScalar = Assert.Throws<ArgumentException>(() => tape.Backward(sum));
        Assert.Contains("[2]", notScalar.Message, StringComparison.Ordinal);
        var noParameters = Assert.Throws<ArgumentException>(
            () => tape.Backward(tape.Input([1], [1]).MeanSquaredError(tape.Input([1], [1]))));
        Assert.Contains("does not depend on any parameter", noParameters.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => other.Backward(Loss(tape, weight)));
        Assert.Throws<InvalidOperationException>(() => tape.Backward(Tensor.From([1], []).AsParameter()));
        Assert.Throws<InvalidOperationException>(() => tape.Backward(tape.Variable([1], [])));
    }

    [Fact]
    public void A_tape_that_does_not_record_computes_but_has_no_gradients()
    {
        Tensor weight = Parameter();
        using var tape = new Tape(recording: false);
        Tensor loss = Loss(tape, weight);
        Assert.Equal(2.5f, loss.Item());
        Assert.False(tape.Variable(Zeros, [2]).RequiresGradient);
        Assert.Throws<ArgumentException>(() => tape.Backward(loss));
        Assert.Null(weight.Gradient);
    }

    [Fact]
    public void Without_a_tape_operations_compute_and_record_nothing()
    {
        Tensor sum = Parameter().Add(Parameter());
        Assert.Null(sum.Tape);
        Assert.False(sum.RequiresGradient);
        Assert.Equal([2f, -4f], sum.ToArray());
    }

    [Fact]
    public void Inputs_of_the_wrong_length_are_refused_and_the_tape_stays_usable()
    {
        using var tape = new Tape(Kernels.Reference);
        Assert.Throws<ArgumentException>(() => tape.Input([1, 2, 3], [2]));
        Assert.Throws<ArgumentException>(() => tape.Variable([1], [2]));
        Assert.Equal([1f, 2f], tape.Input([1, 2], [2]).ToArray());
    }

    private static Tensor Parameter() => Tensor.From([1f, -2f], [2]).AsParameter();

    /// <summary>Half the squared length of the weight; its gradient is the weight.</summary>
    private static Tensor Loss(Tape tape, Tensor weight) =>
        tape.Input(Zeros, [2]).Add(weight).MeanSquaredError(tape.Input(Zeros, [2]));
}
