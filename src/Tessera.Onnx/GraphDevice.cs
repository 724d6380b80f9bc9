using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Tessera.Tensors;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Nn;
using static Tessera.Onnx.GraphBuilder;

namespace Tessera.Onnx;

/// <summary>
/// A device that writes what a model computes as ONNX nodes, while another device computes it. What depends on weights
/// alone becomes a constant. Maps are NCHW, as ONNX and the weights have them; rows of vectors have their channels
/// last.
/// </summary>
/// <param name="inner">The device that computes.</param>
/// <param name="graph">Receives the nodes.</param>
internal sealed partial class GraphDevice(Device inner, GraphBuilder graph) : DelegatingDevice(inner)
{
    // As in the engine: vectors are divided by at least this length.
    private const float ShortestVector = 1e-12f;

    private readonly Dictionary<Storage<float>, Value> _values = [];
    private readonly Dictionary<Storage<float>, (string Name, int[] Sizes)> _weights = [];
    // What depends on no input, with its innermost size.
    private readonly Dictionary<Storage<float>, int> _constants = [];
    private readonly Dictionary<Storage<int>, string> _indices = [];
    // The names of tables, by what they hold: the encoder and the decoder may each compute one anew.
    private readonly Dictionary<string, string> _tables = [];
    // The rows of maps, by the maps' names.
    private readonly Dictionary<string, string> _rows = [];
    private string _resultName = "indices";
    private int _resultCount = 1, _results;

    // The model's own first computations, on weights without a name, are no part of the graph.
    private bool Writes => _weights.Count > 0;

    /// <summary>The name of the next table that is searched or read.</summary>
    public string TableName { get; set; } = "table";

    /// <summary>Names the codes that are found next: all together, if there are several of them.</summary>
    public void NameResults(string name, int count) => (_resultName, _resultCount, _results) = (name, count, 0);

    /// <summary>Gives a copy of a model on this device the weights of the model and their names.</summary>
    public void TakeWeights(Module copy, Module model)
    {
        foreach (((string name, Tensor tensor), (_, Tensor weight)) in copy.State().Zip(model.State()))
        {
            tensor.CopyFrom(weight.ToArray());
            _weights[tensor.Storage] = (name, tensor.Shape.ToArray());
            _constants[tensor.Storage] = tensor.Shape.Last;
        }
    }

    /// <summary>Names an input: maps in the graph.</summary>
    public void NameMaps(Tensor maps, string name) => _values[maps.Storage] = new Value(name, IsMap: true);

    /// <summary>Names an input: indices in the graph.</summary>
    public void NameIndices(Indices indices, string name) => _indices[indices.Storage] = name;

    /// <summary>The name of indices that were computed.</summary>
    public string NameOfIndices(Indices indices) => _indices[indices.Storage];

    /// <summary>The name of maps that were computed.</summary>
    public string NameOfMaps(Tensor maps) => Maps(maps.Storage);

    /// <summary>The name of rows that were computed.</summary>
    public string NameOfRows(Tensor rows) => Rows(rows.Storage);

    public override void Conv2d(
        in Conv2dGeometry geometry, Storage<float> x, Storage<float> weight, in Epilogue epilogue, Storage<float> y)
    {
        base.Conv2d(geometry, x, weight, epilogue, y);
        if (!DependsOnInput(y, geometry.OutChannels, x)) return;
        if (_weights[weight].Sizes is { Length: 2 }) Map(x, weight, epilogue, y);
        else Convolve("Conv", geometry, x, weight, epilogue, y);
    }

    public override void Conv2dTransposed(
        in Conv2dGeometry geometry, Storage<float> y, Storage<float> weight, in Epilogue epilogue, Storage<float> x)
    {
        base.Conv2dTransposed(geometry, y, weight, epilogue, x);
        if (DependsOnInput(x, geometry.InChannels, y))
            Convolve("ConvTranspose", geometry, y, weight, epilogue, x);
    }

    public override void Relu(Storage<float> x, Storage<float> y)
    {
        base.Relu(x, y);
        if (!Writes) return;
        Value value = Of(x);
        _values[y] = value with { Name = Relu(value.Name) };
    }

    public override void NormalizeRows(Storage<float> x, int columns, Storage<float> y)
    {
        base.NormalizeRows(x, columns, y);
        if (!DependsOnInput(y, columns, x)) return;
        string rows = Rows(x);
        string length = graph.Node($"{rows}.length", "ReduceL2", [rows], List("axes", -1), Whole("keepdims", 1));
        length = graph.Node($"{rows}.divisor", "Max", [length, Scalar("shortest_vector", ShortestVector)]);
        _values[y] = new Value(graph.Node($"{rows}.direction", "Div", [rows, length]), IsMap: false);
    }

    /// <summary>
    /// Finds the nearest row as the maximum of <c>z . e - |e|^2 / 2</c>, which differs from <c>-|z - e|^2 / 2</c> by a
    /// term that is the same for all rows. On a tie the lowest wins.
    /// </summary>
    public override void NearestRows(
        Storage<float> x, Storage<float> table, int tableRows, int columns, Storage<int> nearest)
    {
        base.NearestRows(x, table, tableRows, columns, nearest);
        if (!Writes) return;
        float[] elements = ValuesOf(table);
        string rows = Rows(x), name = graph.Constant(NextTable(elements, columns), elements, tableRows, columns);
        string transposed = graph.Node($"{name}.columns", "Transpose", [name], List("perm", 1, 0));
        string products = graph.Node($"{name}.products", "MatMul", [rows, transposed]);
        string halves = graph.Constant($"{name}_half_squares", HalfSquares(elements, columns), tableRows);
        string scores = graph.Node($"{name}.scores", "Sub", [products, halves]);
        _indices[nearest] = graph.Node(
            NextResult(), "ArgMax", [scores], Whole("axis", -1), Whole("keepdims", 0), Whole("select_last_index", 0));
    }

    public override void GatherRows(Storage<float> table, int columns, Storage<int> indices, Storage<float> y)
    {
        base.GatherRows(table, columns, indices, y);
        if (!Writes) return;
        if (!_indices.TryGetValue(indices, out string? numbers))
        {
            // Rows that no input chooses.
            _constants[y] = columns;
            return;
        }
        float[] elements = ValuesOf(table);
        string name = graph.Constant(NextTable(elements, columns), elements, table.Length / columns, columns);
        string vectors = graph.Node($"{name}.vectors", "Gather", [name, numbers], Whole("axis", 0));
        _values[y] = new Value(vectors, IsMap: false);
    }

    private void Convolve(
        string operation, in Conv2dGeometry g, Storage<float> x, Storage<float> weight, in Epilogue epilogue,
        Storage<float> result)
    {
        string layer = LayerOf(weight), map = Maps(x);
        string[] inputs = epilogue.Bias is { } bias ? [map, Weight(weight), Weight(bias)] : [map, Weight(weight)];
        string value = graph.Node(
            layer, operation, inputs, List("strides", g.Stride, g.Stride),
            List("pads", g.Padding, g.Padding, g.Padding, g.Padding));
        if (epilogue.Addend is { } addend) value = graph.Node($"{layer}.sum", "Add", [Maps(addend), value]);
        if (epilogue.Activation == Activation.Relu) value = Relu(value);
        _values[result] = new Value(value, IsMap: true);
    }

    /// <summary>
    /// Whether a result depends on an input, so that a node computes it. Else it is remembered as a constant.
    /// </summary>
    private bool DependsOnInput(
        Storage<float> result, int columns, params ReadOnlySpan<Storage<float>> operands)
    {
        if (!Writes) return false;
        foreach (Storage<float> operand in operands)
        {
            if (!_constants.ContainsKey(operand)) return true;
        }
        _constants[result] = columns;
        return false;
    }

    private string Relu(string value) => graph.Node($"{value}.relu", "Relu", [value]);

    private string Maps(Storage<float> storage)
    {
        Value value = Of(storage);
        if (value.IsMap) return value.Name;
        value = new Value(graph.Node($"{value.Name}.map", "Transpose", [value.Name], List("perm", 0, 3, 1, 2)), true);
        _values[storage] = value;
        return value.Name;
    }

    private string Rows(Storage<float> storage)
    {
        Value value = Of(storage);
        if (!value.IsMap) return value.Name;
        // A node has its name once, however often its value is read.
        if (!_rows.TryGetValue(value.Name, out string? rows))
        {
            rows = graph.Node($"{value.Name}.rows", "Transpose", [value.Name], List("perm", 0, 2, 3, 1));
            _rows.Add(value.Name, rows);
        }
        return rows;
    }

    private Value Of(Storage<float> storage) => _values.TryGetValue(storage, out Value value)
        ? value
        : throw new NotSupportedException("the model computes something that the export has no ONNX operator for");

    /// <summary>The name of the layer that a weight belongs to.</summary>
    private string LayerOf(Storage<float> weight)
    {
        string name = _weights[weight].Name;
        return name[..name.LastIndexOf('.')];
    }

    private string Weight(Storage<float> storage)
    {
        (string name, int[] sizes) = _weights[storage];
        return graph.Constant(name, ValuesOf(storage), sizes);
    }

    private float[] ValuesOf(Storage<float> storage)
    {
        if (!_constants.ContainsKey(storage))
            throw new NotSupportedException("the export takes weights and tables that depend on no input only");
        float[] values = new float[storage.Length];
        Download(storage, values);
        return values;
    }

    /// <summary>
    /// The name of a table: that of an equal one, so that a file holds each once; else the plain name for the first,
    /// numbered for others.
    /// </summary>
    private string NextTable(float[] elements, int columns)
    {
        string hash = Convert.ToHexString(SHA256.HashData(MemoryMarshal.AsBytes<float>(elements)));
        string content = $"{columns} columns of {hash}";
        if (_tables.TryGetValue(content, out string? name)) return name;
        int others = _tables.Values.Count(
            other => other == TableName || other.StartsWith($"{TableName}.", StringComparison.Ordinal));
        return _tables[content] = others == 0 ? TableName : $"{TableName}.{others}";
    }

    /// <summary>The name of the next codes that are found.</summary>
    private string NextResult() => _resultCount == 1 ? _resultName : $"{_resultName}.{_results++}";

    private string Scalar(string name, float value) => graph.Constant(name, [value]);

    private static float[] HalfSquares(float[] elements, int columns)
    {
        float[] halves = new float[elements.Length / columns];
        for (int row = 0; row < halves.Length; row++)
        {
            double square = 0;
            foreach (float element in elements.AsSpan(row * columns, columns)) square += (double)element * element;
            halves[row] = (float)(square / 2);
        }
        return halves;
    }

    /// <summary>A value of the graph.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="IsMap">Whether it is <c>[batch, channels, height, width]</c>; else the channels are last.</param>
    private readonly record struct Value(string Name, bool IsMap);
}
