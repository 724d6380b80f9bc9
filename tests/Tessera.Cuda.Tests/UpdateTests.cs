using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Optim;

namespace Tessera.Cuda.Tests;

/// <summary>
/// Whole updates of a small model with a table of codes: the primitives together, on the device's pool.
/// </summary>
public class UpdateTests
{
    private const int Updates = 3;

    /// <summary>
    /// Some dozens of roundings of 2^-24 in each of the gradients; Muon's iteration multiplies those of small singular
    /// values by up to 500, and a step is a hundredth of a weight.
    /// </summary>
    private const double Tolerance = 500 * Numbers.SumTolerance / 100;

    [Fact]
    public void Updates_agree_with_the_processor_and_have_the_same_bits_again()
    {
        float[] expected = Train(Simulation.Reference), actual = Train(Simulation.Small);
        double error = Numbers.RelativeError(expected, actual);
        Assert.True(error <= Tolerance, $"after {Updates} updates the weights are off by {error:E1}");
        Assert.True(Numbers.SameBits(actual, Train(Simulation.Small)), "a second run has other bits");
    }

    /// <summary>The weights after some updates.</summary>
    private static float[] Train(Device device)
    {
        using var model = new Coder(new Initializer(1, device));
        using var muon = new Muon(model, 0.01f, weightDecay: 0.1f);
        using Tensor norm = Tensor.Zeros([1], device);
        using var tape = new Tape(device);
        float[] images = Numbers.Normal(2 * 6 * 6 * 3, 2);
        for (int update = 0; update < Updates; update++)
        {
            tape.Reset();
            model.ClearGradients();
            tape.Backward(model.Loss(tape.Input(images, [2, 6, 6, 3])));
            GradientNorm.Clip(model, 0.5f, norm);
            muon.Step();
        }
        return [.. model.Parameters().SelectMany(parameter => parameter.Tensor.ToArray()), .. norm.ToArray()];
    }

    private sealed class Coder : Module
    {
        private readonly Conv2d _down;
        private readonly ConvTranspose2d _up;
        private readonly Tensor _table;

        public Coder(Initializer initializer)
        {
            _down = Child("down", new Conv2d(3, 16, 4, initializer, stride: 2, padding: 1));
            _up = Child("up", new ConvTranspose2d(16, 3, 4, initializer, stride: 2, padding: 1));
            _table = Parameter("table", initializer.Uniform([5, 16], 0.5f), ParameterRoles.Table);
        }

        public Tensor Loss(Tensor x)
        {
            Tensor z = _down.Forward(x, relu: true), rows = z.Reshape([z.Shape.Length / 16, 16]);
            Tensor codes = _table.GatherRows(rows.NearestRows(_table));
            Tensor decoded = _up.Forward(rows.StraightThrough(codes).Reshape(z.Shape));
            return decoded.MeanSquaredError(x).Add(rows.MutualSquaredError(codes, 0.25f, 1));
        }
    }
}
