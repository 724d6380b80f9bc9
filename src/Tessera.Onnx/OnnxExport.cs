using System.Text.Json.Nodes;
using Google.Protobuf;
using Tessera.Files;
using Tessera.Models;
using Tessera.Onnx.Messages;
using Tessera.Priors;
using Tessera.Runs;
using DataType = Tessera.Onnx.Messages.TensorProto.Types.DataType;

namespace Tessera.Onnx;

/// <summary>
/// Exports a model as ONNX for ONNX Runtime and other programs: an encoder (images to codes), a decoder (codes to
/// images) and an autoencoder (both). Batch, height and width are dynamic; the height and width of images are
/// multiples of <see cref="VqVaeOptions.PixelsPerCode"/>, P. A prior over the codes can be exported with it.
/// </summary>
/// <remarks>
/// Images are float32, <c>[batch, channels, height, width]</c>, pixels in [0, 1]. Codes are int64,
/// <c>[batch, height / P, width / P]</c>, or <c>[batch, height / P, width / P, n]</c> where a cell has n codes. The
/// prior takes codes <c>[batch, rows * columns * n]</c>, the batch being dynamic, and classes, int64 <c>[batch]</c>,
/// and gives logits, float32, <c>[batch, rows * columns * n, codes]</c>. See docs/onnx.md.
/// </remarks>
public static class OnnxExport
{
    /// <summary>The name of the encoder file: images to codes.</summary>
    public const string EncoderName = "encoder.onnx";

    /// <summary>The name of the decoder file: codes to images.</summary>
    public const string DecoderName = "decoder.onnx";

    /// <summary>The name of the autoencoder file: images to codes and reconstructions.</summary>
    public const string AutoencoderName = "autoencoder.onnx";

    /// <summary>The name of the prior's file: codes and classes to the logits of each code.</summary>
    public const string PriorName = "prior.onnx";

    /// <summary>The ONNX operator set, of 2020. Later sets add nothing that the models need.</summary>
    public const int OperatorSet = 13;

    // The version of the file format that belongs to this operator set.
    private const int FormatVersion = 7;

    // Programs give the inputs by these names.
    private const string Images = "pictures", Codes = "codes", Reconstructions = "reconstructions", Class = "class",
        Logits = "logits";

    /// <summary>Writes the files atomically: all or none.</summary>
    /// <param name="folder">The folder to write. An existing export is replaced as a whole.</param>
    /// <param name="model">The model.</param>
    /// <param name="prior">The prior over its codes; null to export none.</param>
    /// <exception cref="InputException">
    /// The folder holds something other than an export or cannot be written, the prior has another number of codes, or
    /// the weights do not fit into an ONNX file.
    /// </exception>
    /// <example><code>
    /// OnnxExport.Write("onnx", TrainedModel.Open("runs/shapes-1").Model);
    /// </code></example>
    public static void Write(string folder, VqVae model, CodePrior? prior = null)
    {
        if (prior is not null) ImageSampler.CheckCodes(model, prior.Options);
        CheckReplaceable(folder);
        AtomicFolder.Write(folder, temporary =>
        {
            Write(temporary, EncoderName, Encoder(model));
            Write(temporary, DecoderName, Decoder(model));
            Write(temporary, AutoencoderName, Autoencoder(model));
            if (prior is not null) Write(temporary, PriorName, Prior(prior));
        });
    }

    /// <summary>
    /// Checks early that an export can be written to a folder: the folder is writable, and it does not exist, is empty
    /// or holds only an export.
    /// </summary>
    /// <exception cref="InputException">It cannot be written there; the message says why.</exception>
    public static void CheckReplaceable(string folder) => AtomicFolder.CheckReplaceable(
        folder, "an export to ONNX",
        entries => entries.All(
            entry => entry is FileInfo { Name: EncoderName or DecoderName or AutoencoderName or PriorName }));

    private static void Write(string folder, string name, ModelProto model)
    {
        using FileStream file = File.Create(Path.Combine(folder, name));
        model.WriteTo(file);
    }

    private static ModelProto Encoder(VqVae model)
    {
        var graph = new GraphBuilder("encoder");
        ImagesIn(graph, model);
        using var network = new VqVaeGraph(model, graph);
        network.Encode(Images, Codes);
        CodesOut(graph, model);
        return Model(graph, "The encoder of a VQ-VAE: images to codes.", MetadataOf(model));
    }

    private static ModelProto Decoder(VqVae model)
    {
        var graph = new GraphBuilder("decoder");
        graph.Input(Codes, DataType.Int64, Describe(model, "Codes"), CodeSizes(model));
        using var network = new VqVaeGraph(model, graph);
        network.Decode(Codes, Images);
        ImagesOut(graph, model, Images, "The images decoded from the codes");
        return Model(graph, "The decoder of a VQ-VAE: codes to images.", MetadataOf(model));
    }

    private static ModelProto Autoencoder(VqVae model)
    {
        var graph = new GraphBuilder("autoencoder");
        ImagesIn(graph, model);
        using var network = new VqVaeGraph(model, graph);
        network.Encode(Images, Codes);
        network.Decode(Codes, Reconstructions);
        ImagesOut(graph, model, Reconstructions, "The images decoded from the codes");
        CodesOut(graph, model);
        return Model(graph, "A VQ-VAE: images to codes and reconstructions.", MetadataOf(model));
    }

    private static ModelProto Prior(CodePrior prior)
    {
        CodePriorOptions options = prior.Options;
        var graph = new GraphBuilder("prior");
        graph.Input(
            Codes, DataType.Int64,
            $"Codes, 0 to {options.Codes - 1}, of {options.Rows} rows of {options.Columns}"
            + (options.CodesPerCell == 1 ? "" : $" cells of {options.CodesPerCell} codes")
            + "; those from a position on do not count for its logits.",
            "batch", $"{options.Length}");
        graph.Input(Class, DataType.Int64, $"Number of the class; {options.Classes.Count} for any.", "batch");
        PriorGraph.Add(prior, graph, Codes, Class, Logits);
        graph.Output(
            Logits, DataType.Float, "The logits of the code at each position, given the class and the codes before.",
            "batch", $"{options.Length}", $"{options.Codes}");
        return Model(
            graph, "The prior over the codes of a VQ-VAE.",
            ("codes", $"{options.Codes}"), ("rows", $"{options.Rows}"), ("columns", $"{options.Columns}"),
            ("codes_per_cell", $"{options.CodesPerCell}"),
            ("classes", new JsonArray([.. options.Classes.Select(name => JsonValue.Create(name))]).ToJsonString()));
    }

    private static void ImagesIn(GraphBuilder graph, VqVae model) => graph.Input(
        Images, DataType.Float, $"Pixels in [0, 1]; height and width are multiples of {model.Options.PixelsPerCode}.",
        "batch", $"{model.Options.Channels}", "height", "width");

    private static void ImagesOut(GraphBuilder graph, VqVae model, string value, string what) => graph.Output(
        value, DataType.Float, $"{what}, pixels clamped to [0, 1].",
        "batch", $"{model.Options.Channels}", "height", "width");

    private static void CodesOut(GraphBuilder graph, VqVae model) =>
        graph.Output(Codes, DataType.Int64, Describe(model, "The codes"), CodeSizes(model));

    private static string[] CodeSizes(VqVae model) => model.Options.Cell.Codes == 1
        ? ["batch", "code_height", "code_width"]
        : ["batch", "code_height", "code_width", $"{model.Options.Cell.Codes}"];

    private static string Describe(VqVae model, string what) =>
        $"{what}, 0 to {model.Options.Codes - 1}, "
        + (model.Options.Cell.Codes == 1 ? "one for each " : $"{model.Options.Cell.Codes} for each ")
        + $"{model.Options.PixelsPerCode} x {model.Options.PixelsPerCode} pixels.";

    private static (string Key, string Value)[] MetadataOf(VqVae model) =>
    [
        ("codes", $"{model.Options.Codes}"), ("code_dim", $"{model.Options.CodeDim}"),
        ("channels", $"{model.Options.Channels}"), ("pixels_per_code", $"{model.Options.PixelsPerCode}"),
        ("quantizer", model.Options.Quantizer.Kind), ("codes_per_cell", $"{model.Options.Cell.Codes}"),
    ];

    private static ModelProto Model(
        GraphBuilder graph, string description, params ReadOnlySpan<(string Key, string Value)> metadata)
    {
        var file = new ModelProto
        {
            IrVersion = FormatVersion,
            ProducerName = "Tessera",
            ProducerVersion = RunFolder.Version,
            DocString = description,
            Graph = graph.Graph,
        };
        file.OpsetImport.Add(new OperatorSetIdProto { Version = OperatorSet });
        foreach ((string key, string value) in metadata)
            file.MetadataProps.Add(new StringStringEntryProto { Key = key, Value = value });
        return file;
    }
}
