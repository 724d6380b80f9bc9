using Tessera.Tensors.Devices;
using static Tessera.Onnx.GraphBuilder;

namespace Tessera.Onnx;

internal sealed partial class GraphDevice
{
    /// <summary>
    /// The operator set has no operator for it: with the groups as channels of flat maps, it is an instance
    /// normalisation.
    /// </summary>
    public override void GroupNorm(
        in GroupNormGeometry geometry, Storage<float> x, Storage<float> gain, Storage<float> bias, bool relu,
        Storage<float> y, Storage<float> statistics)
    {
        base.GroupNorm(geometry, x, gain, bias, relu, y, statistics);
        if (!DependsOnInput(y, geometry.Channels, x)) return;
        string map = Maps(x), layer = LayerOf(gain);
        int groups = geometry.Groups;
        string value = graph.Node(
            $"{layer}.groups", "Reshape", [map, graph.Integers($"group_sizes_{groups}", [0, groups, -1], 3)]);
        value = graph.Node(
            $"{layer}.direction", "InstanceNormalization",
            [value, Filled($"ones_{groups}", 1, groups), Filled($"zeros_{groups}", 0, groups)],
            Real("epsilon", (float)GroupNormEpsilon));
        string sizes = graph.Node($"{layer}.sizes", "Shape", [map]);
        value = graph.Node($"{layer}.map", "Reshape", [value, sizes]);
        value = graph.Node($"{layer}.scaled", "Mul", [value, ByChannel(gain)]);
        value = graph.Node(layer, "Add", [value, ByChannel(bias)]);
        _values[y] = new Value(relu ? Relu(value) : value, IsMap: true);
    }

    private string Filled(string name, float value, int count)
    {
        float[] values = new float[count];
        Array.Fill(values, value);
        return graph.Constant(name, values, count);
    }

    /// <summary>A weight of each channel of a map.</summary>
    private string ByChannel(Storage<float> weight)
    {
        string name = Weight(weight);
        return graph.Node($"{name}.by_channel", "Reshape", [name, graph.Integers("by_channel", [-1, 1, 1], 3)]);
    }
}
