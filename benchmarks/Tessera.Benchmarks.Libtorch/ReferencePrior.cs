using Tessera.Tensors.Random;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Tessera.Benchmarks.Libtorch;

/// <summary>
/// The prior over codes, operation for operation that of <c>benchmarks/pytorch/prior_model.py</c>, with libtorch's own
/// attention and with the GELU by the error function, since TorchSharp has no tanh form: the losses differ by 1e-4.
/// </summary>
internal sealed class ReferencePrior
{
    public const int Classes = 10, Codes = 512, Side = 8, Length = Side * Side, Any = Codes + Classes, CodeStep = 7919;

    private const ulong Seed = 1;
    private const float Deviation = 0.02f;

    private readonly List<Parameter> _trained = [];
    private readonly int _heads;
    private readonly long _width;
    private readonly Parameter _inputs, _rows, _columns, _head;
    private readonly Block[] _blocks;
    private readonly Norm _norm;
    private readonly Tensor _rowOf, _columnOf;
    private ulong _stream;

    public ReferencePrior(int width, int layers, int heads)
    {
        (_width, _heads) = (width, heads);
        (_inputs, _rows, _columns) = (Drawn(Any + 1, width), Drawn(Side, width), Drawn(Side, width));
        float last = Deviation / MathF.Sqrt(2 * layers);
        _blocks = [.. Enumerable.Range(0, layers).Select(_ => new Block(
            NewNorm(), Drawn(3 * width, width), Drawn(width, width, last), Zeros(width), NewNorm(),
            Drawn(4 * width, width), Zeros(4 * width), Drawn(width, 4 * width, last), Zeros(width)))];
        _norm = NewNorm();
        _head = Drawn(Codes, width);
        Tensor positions = arange(Length);
        (_rowOf, _columnOf) = (positions.floor_divide(Side), positions.remainder(Side));
    }

    public IReadOnlyList<Parameter> Trained => _trained;

    /// <summary>The logits of every position, <c>[batch, length, codes]</c>.</summary>
    public Tensor Forward(Tensor inputs)
    {
        long length = inputs.shape[1];
        Tensor positions = _rows.index_select(0, _rowOf) + _columns.index_select(0, _columnOf);
        Tensor x = _inputs.index_select(0, inputs.flatten()).view(inputs.shape[0], length, _width)
            + positions.slice(0, 0, length, 1);
        foreach (Block block in _blocks) x = Forward(block, x);
        return functional.linear(Forward(_norm, x), _head);
    }

    private Tensor Forward(Block block, Tensor x)
    {
        (long batch, long length) = (x.shape[0], x.shape[1]);
        Tensor qkv = functional.linear(Forward(block.Norm1, x), block.Qkv)
            .view(batch, length, 3, _heads, _width / _heads).permute(2, 0, 3, 1, 4);
        Tensor attended = functional.scaled_dot_product_attention(qkv[0], qkv[1], qkv[2], is_casual: true)
            .transpose(1, 2).reshape(batch, length, _width);
        x = x + functional.linear(attended, block.Proj, block.ProjBias);
        Tensor inner = functional.linear(Forward(block.Norm2, x), block.Up, block.UpBias);
        return x + functional.linear(functional.gelu(inner), block.Down, block.DownBias);
    }

    private Tensor Forward(Norm norm, Tensor x) => functional.layer_norm(x, [_width], norm.Gain, norm.Bias);

    private Norm NewNorm() => new(Train(ones(_width)), Train(zeros(_width)));

    private Parameter Zeros(int length) => Train(zeros(length));

    private Parameter Drawn(int rows, int columns, float deviation = Deviation)
    {
        float[] values = new float[rows * columns];
        new CounterRandom(Seed, _stream++).FillNormal(values);
        return Train(tensor(values, rows, columns) * deviation);
    }

    private Parameter Train(Tensor values)
    {
        var parameter = new Parameter(values);
        _trained.Add(parameter);
        return parameter;
    }

    private sealed record Norm(Parameter Gain, Parameter Bias);

    private sealed record Block(
        Norm Norm1, Parameter Qkv, Parameter Proj, Parameter ProjBias, Norm Norm2, Parameter Up, Parameter UpBias,
        Parameter Down, Parameter DownBias);
}
