using Google.Protobuf.Reflection;
using Tessera.Models;
using Tessera.Onnx.Messages;
using Tessera.Priors;

namespace Tessera.Onnx.Tests;

public sealed class OnnxExportTests
{
    private const string InnerSizes = "batch,code_height,code_width";

    [Theory]
    [InlineData("gradient", 0)]
    [InlineData("ema", 0)]
    [InlineData("cosine", 0)]
    [InlineData("simvq", 3)]
    public void The_ONNX_checker_accepts_an_export_and_reads_its_declarations(string kind, int lookupDim)
    {
        using var exported = new ExportedModel(ExportedModel.Options(kind, lookupDim));
        string images = "FLOAT batch,3,height,width", codes = $"INT64 {InnerSizes}";
        string[] metadata =
        [
            "metadata codes 32", "metadata code_dim 8", "metadata channels 3", "metadata pixels_per_code 4",
            $"metadata quantizer {kind}", "metadata codes_per_cell 1",
        ];
        Assert.Equal(
            ["opset onnx 13", $"input pictures {images}", $"output codes {codes}", .. metadata],
            Check(exported.Encoder));
        Assert.Equal(
            ["opset onnx 13", $"input codes {codes}", $"output pictures {images}", .. metadata],
            Check(exported.Decoder));
        Assert.Equal(
            [
                "opset onnx 13", $"input pictures {images}",
                $"output reconstructions {images}", $"output codes {codes}",
                .. metadata,
            ],
            Check(exported.Autoencoder));
    }

    /// <summary>In one file the encoder searches and the decoder reads the same tables.</summary>
    [Theory]
    [InlineData("simvq", 0, 1, 3)]
    [InlineData("simvq", 0, 1, 1)]
    [InlineData("ema", 0, 1, 3)]
    [InlineData("ema", 6, 1, 3)]
    [InlineData("simvq", 6, 2, 2)]
    [InlineData("cosine", 0, 2, 1)]
    public void A_file_holds_each_codebook_once(string kind, int lookupDim, int groups, int depth)
    {
        VqVaeOptions options = ExportedModel.Options(kind, lookupDim, groups, depth);
        using var folder = new TemporaryFolder();
        using (var model = new VqVae(options, seed: 4)) OnnxExport.Write(folder["onnx"], model);
        int dimensions = (lookupDim > 0 ? lookupDim : options.CodeDim) / groups;
        foreach (string file in TemporaryFolder.NamesIn(folder["onnx"]))
        {
            TensorProto[] tables =
            [
                .. ModelProto.Parser.ParseFrom(File.ReadAllBytes(folder["onnx", file])).Graph.Initializer.Where(
                    tensor => tensor.Dims.SequenceEqual([options.Codes, dimensions])
                        && tensor.Name.Contains("codebook", StringComparison.Ordinal)),
            ];
            Assert.Equal(groups * depth, tables.Length);
            Assert.Equal(tables.Length, tables.Select(table => table.RawData).Distinct().Count());
        }
    }

    [Fact]
    public void The_ONNX_checker_accepts_two_levels_of_codes()
    {
        using var exported = new ExportedModel(ExportedModel.Options("ema", top: true));
        foreach (string file in (string[])[exported.Encoder, exported.Decoder, exported.Autoencoder])
            Assert.Contains("metadata codes_per_cell 5", Check(file));
        Assert.Contains("metadata pixels_per_code 8", Check(exported.Encoder));
        Assert.Contains($"output codes INT64 {InnerSizes},5", Check(exported.Encoder));
    }

    [Fact]
    public void The_ONNX_checker_accepts_normalisation_and_attention()
    {
        using var exported = new ExportedModel(
            ExportedModel.Options("gradient") with { Stride = 8, GroupNorm = 2, Attention = 4 });
        Assert.Contains("metadata pixels_per_code 8", Check(exported.Encoder));
        Assert.Contains("metadata pixels_per_code 8", Check(exported.Autoencoder));
    }

    [Theory]
    [InlineData(3, 5, "cat", "dog")]
    [InlineData(1, 1)]
    public void The_ONNX_checker_accepts_a_prior_and_reads_its_declarations(
        int rows, int columns, params string[] classes)
    {
        using var exported = new ExportedPrior(ExportedPrior.Options(rows, columns, classes));
        int length = rows * columns;
        Assert.Equal(
            [
                "opset onnx 13", $"input codes INT64 batch,{length}", "input class INT64 batch",
                $"output logits FLOAT batch,{length},20", "metadata codes 20", $"metadata rows {rows}",
                $"metadata columns {columns}", "metadata codes_per_cell 1",
                classes.Length == 0 ? "metadata classes []" : "metadata classes [\"cat\",\"dog\"]",
            ],
            Check(exported.File));
    }

    [Fact]
    public void The_weights_of_a_prior_have_the_names_of_its_file()
    {
        using var exported = new ExportedPrior(ExportedPrior.Options());
        Dictionary<string, TensorProto> tensors =
            Read(exported.File).Graph.Initializer.ToDictionary(tensor => tensor.Name);
        foreach ((string name, Tensors.Tensor tensor) in exported.Prior.State())
        {
            // Written as their sum at each position.
            if (name is "rows.weight" or "columns.weight") continue;
            AssertSame(tensor, tensors[name]);
        }
    }

    [Fact]
    public void The_messages_have_the_field_numbers_of_ONNX()
    {
        HashSet<string> official = [.. Check()];
        string[] ours = [.. OnnxReflection.Descriptor.MessageTypes.SelectMany(Fields)];
        Assert.NotEmpty(ours);
        Assert.All(ours, field => Assert.Contains(field, official));
    }

    [Fact]
    public void The_weights_are_those_of_the_model_with_the_names_of_the_seed()
    {
        using var exported = new ExportedModel(
            ExportedModel.Options("gradient") with { GroupNorm = 2, Attention = 1 });
        Dictionary<string, TensorProto> tensors =
            Read(exported.Autoencoder).Graph.Initializer.ToDictionary(tensor => tensor.Name);
        foreach ((string name, Tensors.Tensor tensor) in exported.Model.State())
        {
            AssertSame(tensor, tensors[name == "_vq_vae._embedding.weight" ? "codebook" : name]);
        }
    }

    [Fact]
    public void An_export_is_replaced_and_other_files_are_left_alone()
    {
        using var exported = new ExportedModel(ExportedModel.Options("ema"));
        using var folder = new TemporaryFolder();
        byte[] first = File.ReadAllBytes(exported.Encoder);
        OnnxExport.Write(exported.Folder, new VqVae(ExportedModel.Options("ema"), seed: 8));
        Assert.NotEqual(first, File.ReadAllBytes(exported.Encoder));
        Assert.Equal(["autoencoder.onnx", "decoder.onnx", "encoder.onnx"], TemporaryFolder.NamesIn(exported.Folder));

        using var prior = new CodePrior(ExportedPrior.Options() with { Codes = exported.Model.Options.Codes });
        OnnxExport.Write(exported.Folder, exported.Model, prior);
        Assert.Equal(
            ["autoencoder.onnx", "decoder.onnx", "encoder.onnx", "prior.onnx"],
            TemporaryFolder.NamesIn(exported.Folder));
        OnnxExport.Write(exported.Folder, exported.Model);
        Assert.False(File.Exists(Path.Combine(exported.Folder, "prior.onnx")), "The prior is of another export.");

        folder.Write("own/notes.txt", [1]);
        folder.Write("own/encoder.onnx", [2]);
        string message = Assert.Throws<InputException>(() => OnnxExport.Write(folder["own"], exported.Model)).Message;
        Assert.Contains("holds something other than an export to ONNX", message, StringComparison.Ordinal);
        Assert.Equal([2], File.ReadAllBytes(folder["own", "encoder.onnx"]));
        message = Assert.Throws<InputException>(
            () => OnnxExport.Write(folder["own", "notes.txt"], exported.Model)).Message;
        Assert.Contains("notes.txt", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_that_do_not_fit_into_a_file_are_refused()
    {
        GraphBuilder.ThrowIfTooLarge(2_000_000_000);
        string message = Assert.Throws<InputException>(() => GraphBuilder.ThrowIfTooLarge(1L << 31)).Message;
        Assert.Contains("2046 MiB", message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_model_gives_the_same_bytes()
    {
        using var exported = new ExportedModel(ExportedModel.Options("simvq", 3));
        byte[] first = File.ReadAllBytes(exported.Autoencoder);
        OnnxExport.Write(exported.Folder, exported.Model);
        Assert.Equal(first, File.ReadAllBytes(exported.Autoencoder));
    }

    /// <summary>The output lines of check_model.py; skips the test without the Python package onnx.</summary>
    private static string[] Check(params string[] arguments) =>
        Python.Run("onnx", [Repository.PathOf("tests", "Tessera.Onnx.Tests", "check_model.py"), .. arguments])
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static void AssertSame(Tensors.Tensor tensor, TensorProto written)
    {
        Assert.Equal(tensor.Shape.ToArray().Select(size => (long)size), written.Dims);
        ReadOnlySpan<float> elements =
            System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(written.RawData.Span);
        Assert.Equal(tensor.ToArray(), elements.ToArray());
    }

    private static ModelProto Read(string path) => ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));

    /// <summary>The fields as MESSAGE.FIELD NUMBER TYPE, with the type's number in protobuf descriptors.</summary>
    private static IEnumerable<string> Fields(MessageDescriptor message) =>
        message.Fields.InFieldNumberOrder()
            .Select(field => $"{message.FullName}.{field.Name} {field.FieldNumber} {(int)field.ToProto().Type}")
            .Concat(message.NestedTypes.SelectMany(Fields));
}
