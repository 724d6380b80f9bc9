using System.Numerics.Tensors;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Random;

namespace Tessera.Tensors.Nn;

/// <summary>
/// Makes the initial values of a model's tensors. Each tensor uses its own stream of the seed's random numbers, so a
/// model built twice from one seed is the same, bit for bit.
/// </summary>
/// <param name="seed">The run's seed.</param>
/// <param name="device">The device of the tensors; null for the processor.</param>
public sealed class Initializer(ulong seed, Device? device = null)
{
    private ulong _stream = RandomStreams.Weights;

    /// <summary>The run's seed.</summary>
    public ulong Seed { get; } = seed;

    /// <summary>The device of the tensors.</summary>
    public Device Device { get; } = device ?? Device.Default;

    /// <summary>
    /// The stream of update 0 of noise that a part of a model adds in training: its own, with room for 2^40 updates.
    /// </summary>
    public ulong NoiseStream => RandomStreams.Noise + (_stream << 40);

    /// <summary>Uniform numbers in [-bound, bound).</summary>
    public Tensor Uniform(Shape shape, float bound) =>
        Make(shape, (random, values) => random.FillUniform(values, -bound, bound));

    /// <summary>Normal numbers of mean 0.</summary>
    /// <param name="shape">The tensor's shape.</param>
    /// <param name="deviation">Their standard deviation.</param>
    public Tensor Normal(Shape shape, float deviation = 1) => Make(shape, (random, values) =>
    {
        random.FillNormal(values);
        if (deviation != 1) TensorPrimitives.Multiply(values, deviation, values);
    });

    /// <summary>Zeros.</summary>
    public Tensor Zeros(Shape shape) => Tensor.Zeros(shape, Device);

    private Tensor Make(Shape shape, Action<CounterRandom, float[]> fill)
    {
        var random = new CounterRandom(Seed, _stream++);
        // A device without memory has no values.
        if (Device is ShapeDevice) return Tensor.Uninitialized(shape, Device);
        float[] values = new float[shape.Length];
        fill(random, values);
        return Tensor.From(values, shape, Device);
    }
}
