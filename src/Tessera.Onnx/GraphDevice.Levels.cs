using System.Runtime.InteropServices;
using Tessera.Tensors.Devices;
using static Tessera.Onnx.GraphBuilder;
using DataType = Tessera.Onnx.Messages.TensorProto.Types.DataType;

namespace Tessera.Onnx;

// Primitives of levels, softmax, entropies and columns.
internal sealed partial class GraphDevice
{
    // Columns that are being joined.
    private readonly Dictionary<Storage<float>, List<string>> _parts = [];
    private readonly Dictionary<Storage<int>, List<string>> _indexParts = [];

    public override void SquashColumns(Storage<float> x, Storage<float> bounds, Storage<float> y)
    {
        base.SquashColumns(x, bounds, y);
        if (!Writes) return;
        string rows = Rows(x);
        string result = graph.Node($"{rows}.shifted", "Add", [rows, TableRow(bounds, 1, $"{rows}.bound_shift")]);
        result = graph.Node($"{rows}.tanh", "Tanh", [result]);
        result = graph.Node($"{rows}.scaled", "Mul", [result, TableRow(bounds, 0, $"{rows}.bound_scale")]);
        result = graph.Node($"{rows}.bounded", "Sub", [result, TableRow(bounds, 2, $"{rows}.bound_offset")]);
        _values[y] = new Value(result, IsMap: false);
    }

    public override void Scale(Storage<float> x, Number scale, Storage<float> y, bool accumulate)
    {
        base.Scale(x, scale, y, accumulate);
        if (accumulate || !DependsOnInput(y, _constants.GetValueOrDefault(x), x)) return;
        string rows = Rows(x);
        string factor = Scalar($"{rows}.factor", scale.Constant);
        _values[y] = new Value(graph.Node($"{rows}.times", "Mul", [rows, factor]), IsMap: false);
    }

    public override void RoundToLevels(Storage<float> x, in LevelGrid grid, Storage<float> y, Storage<int> codes)
    {
        base.RoundToLevels(x, grid, y, codes);
        if (!Writes) return;
        string rows = Rows(x);
        float[] counts = TableRow(grid.Table, 0), places = new float[counts.Length];
        for (int c = 0, place = 1; c < places.Length; place *= (int)counts[c++]) places[c] = place;
        string steps = TableRow(grid.Table, 1, $"{rows}.level_step");
        string origins = TableRow(grid.Table, 2, $"{rows}.level_origin");
        string levels = graph.Node($"{rows}.steps", "Mul", [rows, steps]);
        levels = graph.Node($"{rows}.targets", "Add", [levels, origins]);
        levels = graph.Node($"{rows}.rounded", "Round", [levels]);
        string last = Constant($"{rows}.last_level", [.. counts.Select(count => count - 1)]);
        levels = graph.Node($"{rows}.least", "Max", [levels, Scalar("first_level", 0)]);
        levels = graph.Node($"{rows}.levels", "Min", [levels, last]);
        string digits = graph.Node($"{rows}.digits", "Mul", [levels, Constant($"{rows}.level_place", places)]);
        string sums = graph.Node(
            $"{rows}.sums", "ReduceSum", [digits, graph.Integers("last_axis", [-1], 1)], Whole("keepdims", 0));
        _indices[codes] = graph.Node(NextResult(), "Cast", [sums], Whole("to", (int)DataType.Int64));
        string values = graph.Node($"{rows}.from_origin", "Sub", [levels, origins]);
        _values[y] = new Value(graph.Node($"{rows}.values", "Div", [values, steps]), IsMap: false);
    }

    public override void LookUpLevels(Storage<int> codes, in LevelGrid grid, Storage<float> y)
    {
        base.LookUpLevels(codes, grid, y);
        if (!Writes) return;
        if (!_indices.TryGetValue(codes, out string? numbers))
        {
            _constants[y] = grid.Columns;
            return;
        }
        long[] counts = [.. TableRow(grid.Table, 0).Select(count => (long)count)], places = new long[counts.Length];
        for (int c = 0, place = 1; c < places.Length; place *= (int)counts[c++]) places[c] = place;
        string column = graph.Node($"{numbers}.column", "Unsqueeze", [numbers, graph.Integers("last_axis", [-1], 1)]);
        string digits = graph.Node(
            $"{numbers}.shifted", "Div", [column, graph.Integers($"{numbers}.level_place", places, places.Length)]);
        digits = graph.Node(
            $"{numbers}.digits", "Mod", [digits, graph.Integers($"{numbers}.level_count", counts, counts.Length)]);
        string values = graph.Node($"{numbers}.levels", "Cast", [digits], Whole("to", (int)DataType.Float));
        values = graph.Node(
            $"{numbers}.from_origin", "Sub", [values, TableRow(grid.Table, 2, $"{numbers}.level_origin")]);
        values = graph.Node($"{numbers}.values", "Div", [values, TableRow(grid.Table, 1, $"{numbers}.level_step")]);
        _values[y] = new Value(values, IsMap: false);
    }

    public override void LargestColumns(Storage<float> x, int columns, Storage<int> largest)
    {
        base.LargestColumns(x, columns, largest);
        if (!Writes) return;
        _indices[largest] = graph.Node(
            NextResult(), "ArgMax", [Rows(x)], Whole("axis", -1), Whole("keepdims", 0), Whole("select_last_index", 0));
    }

    public override void CopyColumns(
        Storage<float> x, in ColumnRange xColumns, Storage<float> y, in ColumnRange yColumns, bool accumulate)
    {
        base.CopyColumns(x, xColumns, y, yColumns, accumulate);
        if (!Writes) return;
        bool isJoined = yColumns.Count < yColumns.Columns;
        if (_constants.ContainsKey(x) && (!isJoined || yColumns.First == 0 || _constants.ContainsKey(y)))
        {
            _constants[y] = yColumns.Columns;
            return;
        }
        string part = Rows(x);
        if (xColumns.Count < xColumns.Columns)
            part = graph.Node(
                $"{part}.columns_{xColumns.First}", "Slice",
                [
                    part, graph.Integers($"column_{xColumns.First}", [xColumns.First], 1),
                    graph.Integers($"column_{xColumns.First + xColumns.Count}", [xColumns.First + xColumns.Count], 1),
                    graph.Integers("last_axis", [-1], 1),
                ]);
        _values[y] = new Value(isJoined ? Joined(y, part, yColumns, _parts, "parts") : part, IsMap: false);
    }

    public override void CopyIndexColumns(
        Storage<int> x, in ColumnRange xColumns, Storage<int> y, in ColumnRange yColumns)
    {
        base.CopyIndexColumns(x, xColumns, y, yColumns);
        if (!Writes || !_indices.TryGetValue(x, out string? part)) return;
        if (xColumns.Count < xColumns.Columns)
            part = graph.Node(
                $"{part}.level_{xColumns.First}", "Gather",
                [part, graph.Integers($"place_{xColumns.First}", [xColumns.First])], Whole("axis", -1));
        bool isJoined = yColumns.Count < yColumns.Columns;
        // A column of codes has no axis of its own yet.
        if (isJoined && xColumns.Columns == 1)
            part = graph.Node($"{part}.place", "Unsqueeze", [part, graph.Integers("last_axis", [-1], 1)]);
        _indices[y] = isJoined ? Joined(y, part, yColumns, _indexParts, "codes") : part;
    }

    /// <summary>
    /// The name of columns side by side, which are copied in order; a node once the last has been.
    /// </summary>
    private string Joined<T>(
        Storage<T> y, string part, in ColumnRange columns, Dictionary<Storage<T>, List<string>> parts, string what)
        where T : unmanaged
    {
        if (columns.First == 0) parts[y] = [];
        parts[y].Add(part);
        if (columns.First + columns.Count < columns.Columns) return part;
        string name = what == "codes" && columns.Columns == _resultCount ? _resultName : $"{parts[y][0]}.joined";
        return graph.Node(name, "Concat", CollectionsMarshal.AsSpan(parts[y]), Whole("axis", -1));
    }

    private static float[] TableRow(float[] table, int row) =>
        table[(row * table.Length / 3)..((row + 1) * table.Length / 3)];

    /// <summary>A row of a table of three, which is no weight of the model.</summary>
    private float[] TableRow(Storage<float> table, int row)
    {
        float[] values = new float[table.Length];
        Download(table, values);
        return TableRow(values, row);
    }

    private string TableRow(Storage<float> table, int row, string name) => Constant(name, TableRow(table, row));

    private string Constant(string name, float[] values) => graph.Constant(name, values, values.Length);
}
