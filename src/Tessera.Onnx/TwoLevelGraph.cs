using static Tessera.Onnx.GraphBuilder;

namespace Tessera.Onnx;

/// <summary>
/// The codes of a model with two levels, as ONNX nodes: maps of both levels to the five codes of each cell, and back.
/// Height and width are dynamic.
/// </summary>
internal static class TwoLevelGraph
{
    private const int Side = 2;

    /// <summary>Adds the nodes from the maps of codes to cells.</summary>
    /// <param name="graph">Receives the nodes.</param>
    /// <param name="top">Int64, <c>[batch, height, width]</c>.</param>
    /// <param name="lower">Int64, <c>[batch, 2 height, 2 width]</c>.</param>
    /// <param name="codes">The name of the result, <c>[batch, height, width, 5]</c>.</param>
    public static void Join(GraphBuilder graph, string top, string lower, string codes)
    {
        string last = LastAxis(graph), axes = graph.Integers("map_axes", [1, 2], 2);
        string ends = graph.Integers("map_ends", [int.MaxValue, int.MaxValue], 2);
        string steps = graph.Integers("map_steps", [Side, Side], 2);
        List<string> places = [graph.Node($"{top}.place", "Unsqueeze", [top, last])];
        for (int row = 0; row < Side; row++)
        {
            for (int column = 0; column < Side; column++)
            {
                string starts = graph.Integers($"map_start_{row}_{column}", [row, column], 2);
                string quarter = graph.Node(
                    $"{lower}.quarter_{row}_{column}", "Slice", [lower, starts, ends, axes, steps]);
                places.Add(graph.Node($"{quarter}.place", "Unsqueeze", [quarter, last]));
            }
        }
        graph.Node(codes, "Concat", [.. places], Whole("axis", -1));
    }

    /// <summary>Adds the nodes from cells to the maps of codes.</summary>
    /// <param name="graph">Receives the nodes.</param>
    /// <param name="codes">Int64, <c>[batch, height, width, 5]</c>.</param>
    /// <returns>The names of <c>[batch, height, width]</c> and <c>[batch, 2 height, 2 width]</c>.</returns>
    public static (string Top, string Lower) Split(GraphBuilder graph, string codes)
    {
        string top = graph.Node(
            $"{codes}.top", "Gather", [codes, graph.Integers("place_0", [0])], Whole("axis", -1));
        string upper = Row(1), below = Row(3);
        // Two rows of the map stand side by side: it has as many numbers in twice the rows.
        string sizes = graph.Node($"{upper}.sizes", "Shape", [upper]);
        sizes = graph.Node($"{codes}.lower_sizes", "Mul", [sizes, graph.Integers("two_rows", [1, Side, 1], 3)]);
        string rows = graph.Node($"{codes}.rows", "Concat", [upper, below], Whole("axis", -1));
        return (top, graph.Node($"{codes}.lower", "Reshape", [rows, sizes]));

        // A row of the map, of the two codes from a place on: [batch, height, 2 width].
        string Row(int place)
        {
            string pair = graph.Node(
                $"{codes}.from_{place}", "Slice",
                [
                    codes, graph.Integers($"column_{place}", [place], 1),
                    graph.Integers($"column_{place + Side}", [place + Side], 1), LastAxis(graph),
                ]);
            return graph.Node(
                $"{pair}.row", "Reshape", [pair, graph.Integers("joined_columns", [0, 0, -1], 3)]);
        }
    }

    private static string LastAxis(GraphBuilder graph) => graph.Integers("last_axis", [-1], 1);
}
