using System.Buffers.Binary;
using Google.Protobuf;
using Tessera.Onnx.Messages;

namespace Tessera.Onnx;

/// <summary>Puts the graph of an ONNX model together, node by node. A value is known by its name.</summary>
/// <param name="name">The name of the graph.</param>
internal sealed class GraphBuilder(string name)
{
    /// <summary>Protobuf's messages end at 2 GiB; what is not weights is far below a mebibyte.</summary>
    private const long MaxWeightBytes = int.MaxValue - (1 << 20);

    private readonly GraphProto _graph = new() { Name = name };
    private readonly HashSet<string> _constants = [];
    private long _weightBytes;

    /// <summary>The graph.</summary>
    public GraphProto Graph => _graph;

    /// <summary>Declares an input. Sizes are numbers or names of sizes that are known when the model runs.</summary>
    public string Input(string value, TensorProto.Types.DataType type, string description, params ReadOnlySpan<string> sizes)
    {
        _graph.Input.Add(Describe(value, type, description, sizes));
        return value;
    }

    /// <summary>Declares a value as an output.</summary>
    public void Output(string value, TensorProto.Types.DataType type, string description, params ReadOnlySpan<string> sizes) =>
        _graph.Output.Add(Describe(value, type, description, sizes));

    /// <summary>Adds a tensor of float32, once for each name.</summary>
    /// <exception cref="InputException">All tensors together are more than a file can hold.</exception>
    public string Constant(string value, ReadOnlySpan<float> elements, params ReadOnlySpan<int> sizes)
    {
        if (!_constants.Add(value)) return value;
        _weightBytes += (long)elements.Length * sizeof(float);
        ThrowIfTooLarge(_weightBytes);
        byte[] bytes = new byte[elements.Length * sizeof(float)];
        for (int i = 0; i < elements.Length; i++) BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), elements[i]);
        var tensor = new TensorProto
        {
            Name = value,
            DataType = (int)TensorProto.Types.DataType.Float,
            RawData = UnsafeByteOperations.UnsafeWrap(bytes),
        };
        foreach (int size in sizes) tensor.Dims.Add(size);
        _graph.Initializer.Add(tensor);
        return value;
    }

    /// <summary>Adds a node of one output.</summary>
    /// <param name="value">The name of the output, and of the node.</param>
    /// <param name="operation">One of ONNX's operators.</param>
    /// <param name="inputs">The values that it takes.</param>
    /// <param name="attributes">The operator's attributes: a whole number, or a list of them.</param>
    /// <returns>The output's name.</returns>
    public string Node(
        string value, string operation, ReadOnlySpan<string> inputs, params ReadOnlySpan<AttributeProto> attributes)
    {
        var node = new NodeProto { Name = value, OpType = operation };
        foreach (string input in inputs) node.Input.Add(input);
        node.Output.Add(value);
        foreach (AttributeProto attribute in attributes) node.Attribute.Add(attribute);
        _graph.Node.Add(node);
        return value;
    }

    /// <summary>An attribute that is a whole number.</summary>
    public static AttributeProto Whole(string attribute, int value) =>
        new() { Name = attribute, Type = AttributeProto.Types.AttributeType.Int, I = value };

    /// <summary>An attribute that is a list of whole numbers.</summary>
    public static AttributeProto List(string attribute, params ReadOnlySpan<int> values)
    {
        var list = new AttributeProto { Name = attribute, Type = AttributeProto.Types.AttributeType.Ints };
        foreach (int value in values) list.Ints.Add(value);
        return list;
    }

    /// <summary>Refuses weights that no file can hold.</summary>
    /// <exception cref="InputException">There are too many.</exception>
    internal static void ThrowIfTooLarge(long weightBytes)
    {
        if (weightBytes > MaxWeightBytes)
            throw new InputException(
                $"the weights are more than the {MaxWeightBytes >> 20} MiB that an ONNX file holds; export a model with fewer codes or a smaller code-dim or hidden");
    }

    private static ValueInfoProto Describe(
        string value, TensorProto.Types.DataType type, string description, ReadOnlySpan<string> sizes)
    {
        var shape = new TensorShapeProto();
        foreach (string size in sizes)
        {
            shape.Dim.Add(int.TryParse(size, out int number)
                ? new TensorShapeProto.Types.Dimension { DimValue = number }
                : new TensorShapeProto.Types.Dimension { DimParam = size });
        }
        return new ValueInfoProto
        {
            Name = value,
            DocString = description,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)type, Shape = shape } },
        };
    }
}
