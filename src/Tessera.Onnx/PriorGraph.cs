using Tessera.Priors;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using static Tessera.Onnx.GraphBuilder;

namespace Tessera.Onnx;

/// <summary>
/// A <see cref="CodePrior"/> as ONNX nodes, from a run of the model on a <see cref="GraphDevice"/>. Weights have the
/// names of the prior's file.
/// </summary>
internal static class PriorGraph
{
    /// <summary>Adds the nodes from codes and classes to logits.</summary>
    /// <param name="prior">The prior.</param>
    /// <param name="graph">Receives the nodes.</param>
    /// <param name="codes">Int64, <c>[batch, length]</c>. The last of a sequence is not used.</param>
    /// <param name="classes">Int64, <c>[batch]</c>; the number of classes stands for any.</param>
    /// <param name="logits">The name of the result: float, <c>[batch, length, codes]</c>.</param>
    public static void Add(CodePrior prior, GraphBuilder graph, string codes, string classes, string logits)
    {
        using var device = new GraphDevice(Device.Default, graph);
        using var copy = new CodePrior(prior.Options, device: device);
        device.TakeWeights(copy, prior);
        using var tape = new Tape(device, recording: false);
        CodePriorOptions options = prior.Options;
        Indices inputs = tape.Indices(new int[options.Length], [1, options.Length], prior.Inputs);
        device.NameIndices(inputs, Inputs(options, graph, codes, classes));
        device.TableName = "inputs.weight";
        graph.Node(logits, "Identity", [device.NameOfRows(copy.Forward(inputs))]);
    }

    /// <summary>The inputs of the positions: the class, then all codes but the last.</summary>
    private static string Inputs(CodePriorOptions options, GraphBuilder graph, string codes, string classes)
    {
        string position = graph.Integers("position_axis", [1], 1);
        string first = graph.Node("class_input", "Add", [classes, graph.Integers("codes_of_prior", [options.Codes])]);
        first = graph.Node("first_input", "Unsqueeze", [first, position]);
        string others = graph.Node(
            "other_inputs", "Slice",
            [codes, graph.Integers("from_first", [0], 1), graph.Integers("to_last", [-1], 1), position]);
        return graph.Node("prior_inputs", "Concat", [first, others], Whole("axis", 1));
    }
}
