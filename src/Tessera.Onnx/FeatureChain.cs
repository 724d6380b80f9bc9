using System.Buffers.Binary;
using System.Numerics.Tensors;
using Tessera.Features;
using Tessera.Onnx.Messages;

namespace Tessera.Onnx;

/// <summary>Follows a graph from its input through convolutions and poolings to the end of its features.</summary>
internal sealed class FeatureChain
{
    private const float UsualEpsilon = 1e-5f;

    // Where the features end and a classifier begins.
    private static readonly HashSet<string> Heads =
        ["Flatten", "Reshape", "GlobalAveragePool", "GlobalMaxPool", "ReduceMean", "Gemm", "MatMul"];

    private readonly Dictionary<string, TensorProto> _weights = [];
    private readonly GraphProto _graph;
    private readonly List<FeatureWeights> _layers = [];

    private FeatureChain(GraphProto graph)
    {
        _graph = graph;
        foreach (TensorProto tensor in graph.Initializer) _weights[tensor.Name] = tensor;
        foreach (NodeProto node in graph.Node.Where(node => node.OpType == "Constant" && node.Output.Count == 1))
            if (Find(node, "value")?.T is { } tensor) _weights[node.Output[0]] = tensor;
    }

    /// <summary>The layers up to the last stage.</summary>
    /// <exception cref="InputException">Something cannot be read; the message names it.</exception>
    public static List<FeatureWeights> Read(GraphProto graph)
    {
        var chain = new FeatureChain(graph);
        chain.Follow();
        return chain.WithStages();
    }

    private void Follow()
    {
        string[] inputs =
            [.. _graph.Input.Select(input => input.Name).Where(name => !_weights.ContainsKey(name))];
        if (inputs is not [var value])
            throw new InputException($"the graph has {inputs.Length} inputs; a feature network has one");
        // A graph may be damaged into a ring.
        for (int step = 0; step < _graph.Node.Count; step++)
        {
            NodeProto[] readers = [.. _graph.Node.Where(node => node.Input.Contains(value))];
            if (readers.Length == 0) return;
            if (readers.Length > 1)
                throw new InputException(
                    $"the value {value} is read by {string.Join(" and ", readers.Select(node => node.OpType))}; only "
                    + "chains of layers can be read, without branches or additions");
            NodeProto next = readers[0];
            if (Heads.Contains(next.OpType)) return;
            if (next.Output.Count < 1 || next.Input[0] != value) throw Unreadable(next, "its inputs and outputs");
            Add(next);
            value = next.Output[0];
        }
    }

    private void Add(NodeProto node)
    {
        switch (node.OpType)
        {
            case "Conv":
                _layers.Add(Convolution(node));
                break;
            case "BatchNormalization":
                _layers[^1] = Folded(node, Convolution(node.OpType));
                break;
            case "Relu":
                FeatureWeights last = Convolution(node.OpType);
                _layers[^1] = last with { Layer = last.Layer with { Relu = true } };
                break;
            case "MaxPool" or "AveragePool":
                _layers.Add(Pooling(node));
                break;
            case "Dropout" or "Identity":
                break;
            default:
                throw new InputException(
                    $"the operator {node.OpType} (node {node.Name}) cannot be read; a feature network has Conv, "
                    + "BatchNormalization, Relu, MaxPool and AveragePool");
        }
    }

    /// <summary>The convolution that the operator changes: the layer before it.</summary>
    private FeatureWeights Convolution(string operation) =>
        _layers is [.., { Layer: { Kind: FeatureLayerKind.Convolution, Relu: false } } last]
            ? last
            : throw new InputException($"the operator {operation} does not follow a convolution, and cannot be read");

    private FeatureWeights Convolution(NodeProto node)
    {
        if (node.Input.Count is not (2 or 3)) throw Unreadable(node, "its inputs");
        (float[] weight, int[] sizes) = Weights(node, 1, rank: 4);
        if (sizes[2] != sizes[3]) throw Unreadable(node, $"a kernel of {sizes[2]}x{sizes[3]}");
        if (Whole(node, "group", 1) != 1) throw Unreadable(node, "groups of channels");
        float[] bias = node.Input.Count == 3 && node.Input[2].Length > 0
            ? Weights(node, 2, rank: 1).Values
            : new float[sizes[0]];
        if (bias.Length != sizes[0]) throw Unreadable(node, $"{bias.Length} biases for {sizes[0]} channels");
        FeatureLayer layer = Window(node, FeatureLayerKind.Convolution, sizes[2]);
        return new FeatureWeights(layer with { Inputs = sizes[1], Outputs = sizes[0] }, weight, bias);
    }

    private FeatureWeights Pooling(NodeProto node)
    {
        if (_layers.Count == 0) throw Unreadable(node, "no convolution before it");
        FeatureLayerKind kind = node.OpType == "MaxPool" ? FeatureLayerKind.MaxPool : FeatureLayerKind.AveragePool;
        long[] kernel = Wholes(node, "kernel_shape");
        if (kernel.Length != 2 || kernel[0] != kernel[1] || kernel[0] is < 1 or > int.MaxValue)
            throw Unreadable(node, $"a window of {string.Join('x', kernel)}");
        if (Whole(node, "ceil_mode", 0) != 0) throw Unreadable(node, "sizes that are rounded up");
        FeatureLayer layer = Window(node, kind, (int)kernel[0]);
        if (kind == FeatureLayerKind.AveragePool && layer.Padding > 0 && Whole(node, "count_include_pad", 0) != 0)
            throw Unreadable(node, "means that count the padding");
        int channels = _layers[^1].Layer.Outputs;
        return new FeatureWeights(layer with { Inputs = channels, Outputs = channels }, [], []);
    }

    /// <summary>A layer with the strides and padding of a node.</summary>
    private static FeatureLayer Window(NodeProto node, FeatureLayerKind kind, int kernel)
    {
        long[] strides = Wholes(node, "strides"), pads = Wholes(node, "pads");
        if (Find(node, "auto_pad")?.S is { } automatic && automatic.ToStringUtf8() is not ("NOTSET" or "VALID" or ""))
            throw Unreadable(node, "automatic padding");
        if (Wholes(node, "dilations").Any(dilation => dilation != 1)) throw Unreadable(node, "dilations");
        if (strides.Distinct().Count() > 1 || strides.Any(stride => stride is < 1 or > int.MaxValue))
            throw Unreadable(node, $"strides of {string.Join('x', strides)}");
        if (pads.Distinct().Count() > 1 || pads.Any(pad => pad is < 0 or > int.MaxValue))
            throw Unreadable(node, "a padding that differs from side to side");
        return new FeatureLayer
        {
            Kind = kind,
            Kernel = kernel,
            Stride = (int)strides.FirstOrDefault(1),
            Padding = (int)pads.FirstOrDefault(0),
        };
    }

    /// <summary>
    /// A convolution with a normalisation folded in:
    /// <c>(w x + b - mean) / sqrt(variance + epsilon) * scale + shift</c>.
    /// </summary>
    private FeatureWeights Folded(NodeProto node, FeatureWeights convolution)
    {
        if (node.Input.Count != 5) throw Unreadable(node, "its inputs");
        float[][] of = [.. Enumerable.Range(1, 4).Select(i => Weights(node, i, rank: 1).Values)];
        int channels = convolution.Bias.Length, perChannel = convolution.Weight.Length / channels;
        if (of.Any(values => values.Length != channels)) throw Unreadable(node, "another number of channels");
        float epsilon = Find(node, "epsilon") is { HasF: true } given ? given.F : UsualEpsilon;
        float[] weight = [.. convolution.Weight], bias = [.. convolution.Bias];
        for (int channel = 0; channel < channels; channel++)
        {
            double factor = of[0][channel] / Math.Sqrt((double)of[3][channel] + epsilon);
            for (int i = channel * perChannel; i < (channel + 1) * perChannel; i++)
                weight[i] = (float)(weight[i] * factor);
            bias[channel] = (float)((bias[channel] - (double)of[2][channel]) * factor + of[1][channel]);
        }
        if (!TensorPrimitives.IsFiniteAll<float>(weight) || !TensorPrimitives.IsFiniteAll<float>(bias))
            throw Unreadable(node, "numbers that make weights infinite");
        return convolution with { Weight = weight, Bias = bias };
    }

    /// <summary>Marks the stages, and leaves out what follows the last one.</summary>
    private List<FeatureWeights> WithStages()
    {
        int last = _layers.FindLastIndex(each => each.Layer.Kind == FeatureLayerKind.Convolution);
        if (last < 0) throw new InputException("the graph has no convolution that its input leads to");
        var kept = new List<FeatureWeights>();
        for (int i = 0; i <= last; i++)
        {
            FeatureLayer layer = _layers[i].Layer;
            bool isStage = layer.Kind == FeatureLayerKind.Convolution
                && (i == last || _layers[i + 1].Layer is { Kind: not FeatureLayerKind.Convolution } or { Stride: > 1 });
            kept.Add(_layers[i] with { Layer = layer with { IsStage = isStage } });
        }
        return kept;
    }

    private (float[] Values, int[] Sizes) Weights(NodeProto node, int input, int rank)
    {
        string name = node.Input[input];
        if (!_weights.TryGetValue(name, out TensorProto? tensor))
            throw Unreadable(node, $"the weights {name}, which are not in the file");
        if (tensor.DataLocation != TensorProto.Types.DataLocation.Default)
            throw Unreadable(node, $"the weights {name}, which are in another file");
        if (tensor.DataType != (int)TensorProto.Types.DataType.Float)
            throw Unreadable(node, $"the weights {name}, which are not float32");
        if (tensor.Dims.Count != rank || tensor.Dims.Any(size => size is < 1 or > int.MaxValue))
            throw Unreadable(node, $"the weights {name} of the shape [{string.Join(", ", tensor.Dims)}]");
        float[] values = [.. tensor.FloatData];
        if (values.Length == 0)
        {
            values = new float[tensor.RawData.Length / sizeof(float)];
            for (int i = 0; i < values.Length; i++)
                values[i] = BinaryPrimitives.ReadSingleLittleEndian(tensor.RawData.Span[(i * sizeof(float))..]);
        }
        if (tensor.Dims.Aggregate((Int128)1, (product, size) => product * size) != values.Length)
            throw Unreadable(node, $"the weights {name}, which have {values.Length} numbers");
        if (!TensorPrimitives.IsFiniteAll<float>(values))
            throw Unreadable(node, $"the weights {name}, which are not finite");
        return (values, [.. tensor.Dims.Select(size => (int)size)]);
    }

    private static AttributeProto? Find(NodeProto node, string name) =>
        node.Attribute.FirstOrDefault(attribute => attribute.Name == name);

    private static long Whole(NodeProto node, string name, long usual) =>
        Find(node, name) is { HasI: true } given ? given.I : usual;

    private static long[] Wholes(NodeProto node, string name) => [.. Find(node, name)?.Ints ?? []];

    private static InputException Unreadable(NodeProto node, string what) =>
        new($"the operator {node.OpType} (node {node.Name}) cannot be read: {what}");
}
