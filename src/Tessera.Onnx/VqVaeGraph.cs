using Tessera.Models;
using Tessera.Quantization;
using Tessera.Tensors;
using static Tessera.Onnx.GraphBuilder;

namespace Tessera.Onnx;

/// <summary>
/// A <see cref="VqVae"/> as ONNX nodes. The layout is NCHW, as ONNX and the weights have it. Values have the names of
/// the layers that compute them; weights have the names of the reference notebook's model.
/// </summary>
internal sealed class VqVaeGraph
{
    private const string Quantizer = "_vq_vae", Codebook = "codebook";

    // As in the engine: vectors are divided by at least this length.
    private const float ShortestVector = 1e-12f;

    private readonly VqVae _model;
    private readonly GraphBuilder _graph;
    private readonly Dictionary<string, Tensor> _weights;

    /// <summary>Creates the nodes' builder for a model and a graph.</summary>
    public VqVaeGraph(VqVae model, GraphBuilder graph)
    {
        _model = model;
        _graph = graph;
        _weights = model.State().ToDictionary(entry => entry.Name, entry => entry.Tensor);
    }

    /// <summary>Adds the nodes from images to codes.</summary>
    /// <param name="images">Float, <c>[batch, channels, height, width]</c>, pixels in [0, 1].</param>
    /// <param name="codes">The name of the result: int64, <c>[batch, height / 4, width / 4]</c>.</param>
    public void Encode(string images, string codes)
    {
        string x = _graph.Node("centred_images", "Sub", [images, Scalar("half", 0.5f)]);
        x = Relu(Conv(x, "_encoder._conv_1", stride: 2, padding: 1));
        x = Relu(Conv(x, "_encoder._conv_2", stride: 2, padding: 1));
        x = Relu(Conv(x, "_encoder._conv_3", padding: 1));
        x = ResidualStack(x, "_encoder._residual_stack");
        FindCodes(Conv(x, "_pre_vq_conv"), codes);
    }

    /// <summary>Adds the nodes from codes to images.</summary>
    /// <param name="codes">Int64, <c>[batch, height, width]</c>.</param>
    /// <param name="images">
    /// The name of the result: float, <c>[batch, channels, 4 height, 4 width]</c>, pixels clamped to [0, 1].
    /// </param>
    public void Decode(string codes, string images)
    {
        // The codebook as the decoder sees it: a projected quantizer's output projection is already applied.
        using Tensor table = _model.Quantizer.CopyCodebook(_model.Device);
        string codebook = Table(Codebook, table);
        string x = _graph.Node($"{Quantizer}.vectors", "Gather", [codebook, codes], Whole("axis", 0));
        x = _graph.Node($"{Quantizer}.map", "Transpose", [x], List("perm", 0, 3, 1, 2));
        x = Relu(Conv(x, "_decoder._conv_1", padding: 1));
        x = ResidualStack(x, "_decoder._residual_stack");
        x = Relu(Conv(x, "_decoder._conv_trans_1", stride: 2, padding: 1, operation: "ConvTranspose"));
        x = Conv(x, "_decoder._conv_trans_2", stride: 2, padding: 1, operation: "ConvTranspose");
        x = _graph.Node("unclamped_images", "Add", [x, Scalar("half", 0.5f)]);
        _graph.Node(images, "Clip", [x, Scalar("black", 0), Scalar("white", 1)]);
    }

    /// <summary>
    /// Finds the nearest code as the maximum of <c>z . e - |e|^2 / 2</c>, which differs from <c>-|z - e|^2 / 2</c> by a
    /// term that is the same for all codes. On a tie the lowest code wins.
    /// </summary>
    private void FindCodes(string z, string codes)
    {
        (Quantizer quantizer, string name) = (_model.Quantizer, Codebook);
        if (quantizer is ProjectedQuantizer projected)
        {
            z = Conv(z, $"{Quantizer}._project_in");
            (quantizer, name) = (projected.Inner, "lookup_codebook");
        }
        z = _graph.Node($"{Quantizer}.z", "Transpose", [z], List("perm", 0, 2, 3, 1));
        z = quantizer switch
        {
            VectorQuantizer or EmaVectorQuantizer or SimVectorQuantizer => z,
            CosineVectorQuantizer => Normalize(z),
            _ => throw new NotSupportedException($"The export does not support a {quantizer.GetType().Name}."),
        };
        using Tensor codebook = quantizer.CopyCodebook(_model.Device);
        string columns = _graph.Node($"{Quantizer}.columns", "Transpose", [Table(name, codebook)], List("perm", 1, 0));
        string products = _graph.Node($"{Quantizer}.products", "MatMul", [z, columns]);
        string scores = _graph.Node(
            $"{Quantizer}.scores", "Sub",
            [products, _graph.Constant($"{name}_half_squares", HalfSquares(codebook), codebook.Shape[0])]);
        _graph.Node(codes, "ArgMax", [scores], Whole("axis", -1), Whole("keepdims", 0), Whole("select_last_index", 0));
    }

    private string Normalize(string z)
    {
        string length = _graph.Node($"{Quantizer}.length", "ReduceL2", [z], List("axes", -1), Whole("keepdims", 1));
        length = _graph.Node($"{Quantizer}.divisor", "Max", [length, Scalar("shortest_vector", ShortestVector)]);
        return _graph.Node($"{Quantizer}.direction", "Div", [z, length]);
    }

    /// <summary>
    /// Residual blocks <c>h = relu(x)</c>, <c>y = h + W2 * relu(W1 * h)</c>, followed by a ReLU. The argument is the
    /// first block's h: the ReLU has already been applied.
    /// </summary>
    private string ResidualStack(string x, string name)
    {
        for (int layer = 0; layer < _model.Options.ResidualLayers; layer++)
        {
            string block = $"{name}._layers.{layer}._block";
            string inner = Relu(Conv(x, $"{block}.1", padding: 1));
            x = Relu(_graph.Node($"{block}.sum", "Add", [x, Conv(inner, $"{block}.3")]));
        }
        return x;
    }

    private string Conv(string x, string name, int stride = 1, int padding = 0, string operation = "Conv")
    {
        string[] inputs = _weights.ContainsKey($"{name}.bias")
            ? [x, Weight($"{name}.weight"), Weight($"{name}.bias")]
            : [x, Weight($"{name}.weight")];
        return _graph.Node(
            name, operation, inputs, List("strides", stride, stride), List("pads", padding, padding, padding, padding));
    }

    private string Relu(string x) => _graph.Node($"{x}.relu", "Relu", [x]);

    private string Weight(string name) => Table(name, _weights[name]);

    private string Table(string name, Tensor tensor) => _graph.Constant(name, tensor.ToArray(), tensor.Shape.ToArray());

    private string Scalar(string name, float value) => _graph.Constant(name, [value]);

    private static float[] HalfSquares(Tensor codebook)
    {
        float[] elements = codebook.ToArray();
        int dimensions = codebook.Shape.Last;
        float[] halves = new float[codebook.Shape[0]];
        for (int code = 0; code < halves.Length; code++)
        {
            double square = 0;
            foreach (float element in elements.AsSpan(code * dimensions, dimensions))
                square += (double)element * element;
            halves[code] = (float)(square / 2);
        }
        return halves;
    }
}
