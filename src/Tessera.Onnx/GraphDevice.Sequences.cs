using Tessera.Tensors.Devices;
using static Tessera.Onnx.GraphBuilder;

namespace Tessera.Onnx;

// The primitives of models of sequences. Their values are rows: [batch, length, columns].
internal sealed partial class GraphDevice
{
    // Which keys [length] come after which query [length, 1]: one value that all blocks share.
    private string? _laterKeys;

    public override void Add(Storage<float> x, Storage<float> y, Storage<float> z)
    {
        base.Add(x, y, z);
        if (!DependsOnInput(z, _constants.GetValueOrDefault(x), x, y)) return;
        string rows = Rows(x);
        string addend = _constants.TryGetValue(y, out int columns)
            ? graph.Constant($"{rows}.addend", ValuesOf(y), y.Length / columns, columns)
            : Rows(y);
        _values[z] = new Value(graph.Node($"{rows}.sum", "Add", [rows, addend]), IsMap: false);
    }

    /// <summary><c>(1 + tanh(u)) / 2</c> is the sigmoid of 2 u, which takes fewer nodes.</summary>
    public override void Gelu(Storage<float> x, Storage<float> y)
    {
        base.Gelu(x, y);
        if (Writes) _values[y] = new Value(Gelu(Rows(x)), IsMap: false);
    }

    private string Gelu(string rows)
    {
        float slope = 2 * MathF.Sqrt(2 / MathF.PI);
        string factor = graph.Node($"{rows}.square", "Mul", [rows, rows]);
        factor = graph.Node($"{rows}.cubic", "Mul", [factor, Scalar("gelu_cubic", slope * (float)GeluCubic)]);
        factor = graph.Node($"{rows}.factor", "Add", [factor, Scalar("gelu_slope", slope)]);
        string gate = graph.Node($"{rows}.twice", "Mul", [rows, factor]);
        gate = graph.Node($"{rows}.gate", "Sigmoid", [gate]);
        return graph.Node($"{rows}.gelu", "Mul", [rows, gate]);
    }

    /// <summary>The operator set has no operator for it; ONNX Runtime finds the pattern and uses its own.</summary>
    public override void LayerNorm(
        Storage<float> x, Storage<float> gain, Storage<float> bias, int columns, Storage<float> y,
        Storage<float> statistics)
    {
        base.LayerNorm(x, gain, bias, columns, y, statistics);
        if (!DependsOnInput(y, columns, x)) return;
        string rows = Rows(x), layer = LayerOf(gain);
        string centred = graph.Node($"{layer}.centred", "Sub", [rows, Mean($"{layer}.mean", rows)]);
        string square = graph.Node($"{layer}.square", "Mul", [centred, centred]);
        string divisor = graph.Node(
            $"{layer}.shifted_variance", "Add",
            [Mean($"{layer}.variance", square), Scalar("layer_norm_epsilon", (float)LayerNormEpsilon)]);
        divisor = graph.Node($"{layer}.deviation", "Sqrt", [divisor]);
        string result = graph.Node($"{layer}.direction", "Div", [centred, divisor]);
        result = graph.Node($"{layer}.scaled", "Mul", [result, Weight(gain)]);
        _values[y] = new Value(graph.Node(layer, "Add", [result, Weight(bias)]), IsMap: false);
    }

    public override void Attention(
        in AttentionGeometry geometry, Storage<float> projections, Storage<float> y, Storage<float> logSums)
    {
        base.Attention(geometry, projections, y, logSums);
        if (!Writes) return;
        if (geometry.Count < geometry.Length)
            throw new NotSupportedException("the export takes attention of all positions only");
        string rows = Rows(projections);
        // A 0 keeps the size: batch and length. A -1 makes one length of the rows and columns of cells.
        int length = geometry.IsCausal ? 0 : -1;
        string parts = graph.Node(
            $"{rows}.parts", "Reshape",
            [rows, graph.Integers("part_sizes", [0, length, 3, geometry.Heads, geometry.HeadWidth], 5)]);
        string queries = Part("queries", 0, List("perm", 0, 2, 1, 3));
        string keys = Part("keys", 1, List("perm", 0, 2, 3, 1));
        string values = Part("values", 2, List("perm", 0, 2, 1, 3));
        queries = graph.Node($"{queries}.scaled", "Mul", [queries, Scalar("attention_scale", geometry.Scale)]);
        string scores = graph.Node($"{rows}.scores", "MatMul", [queries, keys]);
        if (geometry.IsCausal)
        {
            scores = graph.Node(
                $"{rows}.causal_scores", "Where",
                [LaterKeys(geometry.Length), Scalar("minus_infinity", float.NegativeInfinity), scores]);
        }
        string weights = graph.Node($"{rows}.softmax", "Softmax", [scores], Whole("axis", -1));
        string heads = graph.Node($"{rows}.attended", "MatMul", [weights, values]);
        heads = graph.Node($"{rows}.heads", "Transpose", [heads], List("perm", 0, 2, 1, 3));
        _values[y] = new Value(
            graph.Node($"{rows}.attention", "Reshape", [heads, JoinedSizes(rows, geometry)]), IsMap: false);

        // [batch, heads, length, head width], or as perm has it.
        string Part(string name, int number, Messages.AttributeProto perm) => graph.Node(
            $"{rows}.{name}", "Transpose",
            [
                graph.Node(
                    $"{rows}.{name}_by_position", "Gather", [parts, graph.Integers($"part_{number}", [number])],
                    Whole("axis", 2)),
            ],
            perm);
    }

    /// <summary>The sizes of the projections without those of the parts and heads, which are joined again.</summary>
    private string JoinedSizes(string rows, in AttentionGeometry geometry)
    {
        // Sequences have one length; a 0 keeps it.
        if (geometry.IsCausal) return graph.Integers("joined_sizes", [0, 0, -1], 3);
        string sizes = graph.Node($"{rows}.sizes", "Shape", [rows]);
        string outer = graph.Node(
            $"{rows}.outer_sizes", "Slice",
            [sizes, graph.Integers("first_size", [0], 1), graph.Integers("last_size", [-1], 1)]);
        return graph.Node(
            $"{rows}.joined_sizes", "Concat", [outer, graph.Integers("attention_width", [geometry.Width], 1)],
            Whole("axis", 0));
    }

    /// <summary>A linear map of rows.</summary>
    private void Map(Storage<float> x, Storage<float> weight, in Epilogue epilogue, Storage<float> y)
    {
        string layer = LayerOf(weight), name = Weight(weight);
        string transposed = graph.Node($"{name}.columns", "Transpose", [name], List("perm", 1, 0));
        string value = graph.Node(layer, "MatMul", [Rows(x), transposed]);
        if (epilogue.Bias is { } bias) value = graph.Node($"{layer}.biased", "Add", [value, Weight(bias)]);
        if (epilogue.Addend is { } addend) value = graph.Node($"{layer}.sum", "Add", [Rows(addend), value]);
        if (epilogue.Activation == Activation.Relu) value = Relu(value);
        if (epilogue.Activation == Activation.Gelu) value = Gelu(value);
        _values[y] = new Value(value, IsMap: false);
    }

    private string Mean(string name, string rows) =>
        graph.Node(name, "ReduceMean", [rows], List("axes", -1), Whole("keepdims", 1));

    private string LaterKeys(int length)
    {
        if (_laterKeys is not null) return _laterKeys;
        long[] positions = [.. Enumerable.Range(0, length)];
        string keys = graph.Integers("key_positions", positions, length);
        string queries = graph.Integers("query_positions", positions, length, 1);
        return _laterKeys = graph.Node("later_keys", "Greater", [keys, queries]);
    }
}
