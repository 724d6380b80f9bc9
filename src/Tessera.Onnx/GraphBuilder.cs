using System.Buffers.Binary;
using Google.Protobuf;
using Tessera.Onnx.Messages;

namespace Tessera.Onnx;

/// <summary>Builds the graph of an ONNX model, node by node. Values are identified by their names.</summary>
/// <param name="name">The name of the graph.</param>
internal sealed class GraphBuilder(string name)
{
    /// <summary>
    /// The maximum size of the weights: a protobuf message ends at 2 GiB, and everything else takes far less than 1
    /// MiB.
    /// </summary>
    private const long MaxWeightBytes = int.MaxValue - (1 << 20);

    private readonly GraphProto _graph = new() { Name = name };
    private readonly HashSet<string> _constants = [], _nodes = [];
    private long _weightBytes;

    /// <summary>The graph.</summary>
    public GraphProto Graph => _graph;

    /// <summary>Declares an input. Sizes are numbers, or names of dynamic sizes.</summary>
    public string Input(
        string value, TensorProto.Types.DataType type, string description, params ReadOnlySpan<string> sizes)
    {
        _graph.Input.Add(Describe(value, type, description, sizes));
        return value;
    }

    /// <summary>Declares a value as an output.</summary>
    public void Output(
        string value, TensorProto.Types.DataType type, string description, params ReadOnlySpan<string> sizes) =>
        _graph.Output.Add(Describe(value, type, description, sizes));

    /// <summary>Adds a float32 tensor, unless one of this name exists.</summary>
    /// <exception cref="InputException">The tensors together are larger than an ONNX file can be.</exception>
    public string Constant(string value, ReadOnlySpan<float> elements, params ReadOnlySpan<int> sizes)
    {
        if (!_constants.Add(value)) return value;
        _weightBytes += (long)elements.Length * sizeof(float);
        ThrowIfTooLarge(_weightBytes);
        byte[] bytes = new byte[elements.Length * sizeof(float)];
        for (int i = 0; i < elements.Length; i++)
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), elements[i]);
        return Initialize(value, TensorProto.Types.DataType.Float, bytes, sizes);
    }

    /// <summary>Adds a small int64 tensor, unless one of this name exists.</summary>
    public string Integers(string value, ReadOnlySpan<long> elements, params ReadOnlySpan<int> sizes)
    {
        if (!_constants.Add(value)) return value;
        byte[] bytes = new byte[elements.Length * sizeof(long)];
        for (int i = 0; i < elements.Length; i++)
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(i * sizeof(long)), elements[i]);
        return Initialize(value, TensorProto.Types.DataType.Int64, bytes, sizes);
    }

    /// <summary>Adds a node with one output.</summary>
    /// <param name="value">The name of the output, and of the node; numbered if another node has it.</param>
    /// <param name="operation">The ONNX operator.</param>
    /// <param name="inputs">The names of the inputs.</param>
    /// <param name="attributes">The attributes of the operator: numbers or lists of integers.</param>
    /// <returns>The name of the output.</returns>
    public string Node(
        string value, string operation, ReadOnlySpan<string> inputs, params ReadOnlySpan<AttributeProto> attributes)
    {
        string name = value;
        for (int number = 2; !_nodes.Add(name); number++) name = $"{value}.{number}";
        var node = new NodeProto { Name = name, OpType = operation };
        foreach (string input in inputs) node.Input.Add(input);
        node.Output.Add(name);
        foreach (AttributeProto attribute in attributes) node.Attribute.Add(attribute);
        _graph.Node.Add(node);
        return name;
    }

    /// <summary>An attribute that is an integer.</summary>
    public static AttributeProto Whole(string attribute, int value) =>
        new() { Name = attribute, Type = AttributeProto.Types.AttributeType.Int, I = value };

    /// <summary>An attribute that is a number.</summary>
    public static AttributeProto Real(string attribute, float value) =>
        new() { Name = attribute, Type = AttributeProto.Types.AttributeType.Float, F = value };

    /// <summary>An attribute that is a list of integers.</summary>
    public static AttributeProto List(string attribute, params ReadOnlySpan<int> values)
    {
        var list = new AttributeProto { Name = attribute, Type = AttributeProto.Types.AttributeType.Ints };
        foreach (int value in values) list.Ints.Add(value);
        return list;
    }

    /// <summary>Checks that weights fit into an ONNX file.</summary>
    /// <exception cref="InputException">They do not.</exception>
    internal static void ThrowIfTooLarge(long weightBytes)
    {
        if (weightBytes > MaxWeightBytes)
            throw new InputException(
                $"the weights exceed the {MaxWeightBytes >> 20} MiB that an ONNX file can hold; "
                + "export a smaller model");
    }

    private string Initialize(
        string value, TensorProto.Types.DataType type, byte[] elements, ReadOnlySpan<int> sizes)
    {
        var tensor = new TensorProto
        {
            Name = value,
            DataType = (int)type,
            RawData = UnsafeByteOperations.UnsafeWrap(elements),
        };
        foreach (int size in sizes) tensor.Dims.Add(size);
        _graph.Initializer.Add(tensor);
        return value;
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
