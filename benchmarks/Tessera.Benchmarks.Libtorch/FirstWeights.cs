using Tessera.Tensors.Random;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Tessera.Benchmarks.Libtorch;

/// <summary>
/// Tessera's first weights, in the order of the model's tensors: tensor number t is stream t of the seed. The same as
/// in <c>benchmarks/pytorch/shared_start.py</c>.
/// </summary>
internal sealed class FirstWeights(MemoryLayout layout)
{
    private const ulong Seed = 1;

    private readonly List<Parameter> _trained = [];
    private ulong _stream;
    private float _bound;

    /// <summary>The parameters that the optimizer updates.</summary>
    public IReadOnlyList<Parameter> Trained => _trained;

    /// <summary>The layout of images and kernels.</summary>
    public MemoryLayout Layout => layout;

    /// <summary>A kernel <c>[first, second, size, size]</c>, uniform within +-1/sqrt(second * size^2).</summary>
    public Parameter Kernel(int first, int second, int size)
    {
        _bound = 1 / MathF.Sqrt(second * size * size);
        return Train(layout.Apply(Uniform(_bound, first, second, size, size)));
    }

    /// <summary>A bias: it follows its kernel and shares its bound.</summary>
    public Parameter Bias(int length) => Train(Uniform(_bound, length));

    /// <summary>A codebook trained by gradients: uniform within +-1/codes.</summary>
    public Parameter Codebook(int codes, int codeDim) => Train(Uniform(1f / codes, codes, codeDim));

    /// <summary>Standard normal numbers that the optimizer does not update.</summary>
    public Tensor Normal(int rows, int columns)
    {
        float[] values = new float[rows * columns];
        Next().FillNormal(values);
        return tensor(values, rows, columns);
    }

    private Tensor Uniform(float bound, params long[] shape)
    {
        float[] values = new float[shape.Aggregate((product, size) => product * size)];
        Next().FillUniform(values, -bound, bound);
        return tensor(values, shape);
    }

    private Parameter Train(Tensor values)
    {
        var parameter = new Parameter(values);
        _trained.Add(parameter);
        return parameter;
    }

    private CounterRandom Next() => new(Seed, _stream++);
}
