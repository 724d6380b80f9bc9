using Tessera.Models;
using Tessera.Quantization;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Ops;

namespace Tessera.Onnx;

/// <summary>
/// A <see cref="VqVae"/> as ONNX nodes, from a run of the model on a <see cref="GraphDevice"/>. Values have the names
/// of the layers that compute them; weights have the names of the reference notebook's PyTorch model.
/// </summary>
internal sealed class VqVaeGraph : IDisposable
{
    // A larger table would make the file grow for nothing where codes follow from a formula.
    private const int MostTableCodes = 1 << 16;

    private const string Codebook = "codebook", LookupCodebook = "lookup_codebook";

    private readonly GraphBuilder _graph;
    private readonly GraphDevice _device;
    private readonly VqVae _model;
    private readonly Tape _tape;

    /// <summary>Copies a model to a device that writes a graph.</summary>
    public VqVaeGraph(VqVae model, GraphBuilder graph)
    {
        _graph = graph;
        _device = new GraphDevice(Device.Default, graph);
        _model = new VqVae(model.Options, device: _device);
        _device.TakeWeights(_model, model);
        _tape = new Tape(_device, recording: false);
    }

    /// <summary>Adds the nodes from images to codes.</summary>
    /// <param name="images">Float, <c>[batch, channels, height, width]</c>, pixels in [0, 1].</param>
    /// <param name="codes">The name of the result: int64, one for each cell of pixels.</param>
    public void Encode(string images, string codes)
    {
        // The nodes do not depend on the size.
        int side = 2 * _model.Options.PixelsPerCode;
        Tensor x = _tape.Allocate([1, side, side, _model.Options.Channels]);
        x.Fill(0);
        _device.NameMaps(x, _graph.Node("centred_pictures", "Sub", [images, Half()]));
        _device.TableName = _model.Quantizer is ProjectedQuantizer ? LookupCodebook : Codebook;
        if (_model.Options.Cell.Top)
        {
            _device.NameResults("level", count: 2);
            (Indices top, Indices lower) = _model.EncodeLevels(x);
            TwoLevelGraph.Join(_graph, _device.NameOfIndices(top), _device.NameOfIndices(lower), codes);
            return;
        }
        _device.NameResults(codes, _model.Options.Cell.Codes);
        _model.Encode(x);
    }

    /// <summary>Adds the nodes from codes to images.</summary>
    /// <param name="codes">Int64, <c>[batch, height, width]</c>; where a cell has several, they are innermost.</param>
    /// <param name="images">
    /// The name of the result: float, <c>[batch, channels, height, width]</c>, pixels clamped to [0, 1].
    /// </param>
    public void Decode(string codes, string images)
    {
        int perCell = _model.Options.Cell.Codes;
        _device.TableName = Codebook;
        Tensor decoded;
        if (_model.Options.Cell.Top)
        {
            (string top, string lower) = TwoLevelGraph.Split(_graph, codes);
            decoded = _model.DecodeLevels(Named(top, [1, 2, 2]), Named(lower, [1, 4, 4]));
        }
        else
        {
            Indices cells = Named(codes, perCell == 1 ? [1, 2, 2] : [1, 2, 2, perCell]);
            // One table, as the decoder receives it: a projection behind it is already applied.
            decoded = perCell == 1 && _model.Options.Codes <= MostTableCodes
                ? _model.Decode(_model.Quantizer.Codebook(_tape).GatherRows(cells))
                : _model.Decode(cells);
        }
        string shifted = _graph.Node("unclamped_pictures", "Add", [_device.NameOfMaps(decoded), Half()]);
        _graph.Node(images, "Clip", [shifted, _graph.Constant("black", [0]), _graph.Constant("white", [1])]);
    }

    public void Dispose()
    {
        _tape.Dispose();
        _model.Dispose();
        _device.Dispose();
    }

    /// <summary>Codes of the graph.</summary>
    private Indices Named(string codes, Shape shape)
    {
        Indices indices = _tape.Indices(new int[shape.Length], shape, _model.Options.Codes);
        _device.NameIndices(indices, codes);
        return indices;
    }

    private string Half() => _graph.Constant("half", [0.5f]);
}
