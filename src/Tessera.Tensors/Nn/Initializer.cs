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

    /// <summary>Uniform numbers in [-bound, bound).</summary>
    public Tensor Uniform(Shape shape, float bound)
    {
        float[] values = new float[shape.Length];
        new CounterRandom(seed, _stream++).FillUniform(values, -bound, bound);
        return Tensor.From(values, shape, device);
    }

    /// <summary>Standard normal numbers.</summary>
    public Tensor Normal(Shape shape)
    {
        float[] values = new float[shape.Length];
        new CounterRandom(seed, _stream++).FillNormal(values);
        return Tensor.From(values, shape, device);
    }

    /// <summary>Zeros.</summary>
    public Tensor Zeros(Shape shape) => Tensor.Zeros(shape, device);
}
