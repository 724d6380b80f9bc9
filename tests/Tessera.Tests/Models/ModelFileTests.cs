using Tessera.Files;
using Tessera.Models;
using Tessera.Quantization;
using Tessera.Tensors.IO;

namespace Tessera.Tests.Models;

public sealed class ModelFileTests : IDisposable
{
    private static readonly VqVaeOptions Small = new()
    {
        Hidden = 6,
        ResidualHidden = 3,
        ResidualLayers = 2,
        Codes = 7,
        CodeDim = 5,
        Channels = 1,
        Quantizer = new VectorQuantizerOptions { Commitment = 0.5f },
    };

    private static readonly VqVaeOptions Network =
        Small with { Stride = 8, Hidden = 24, ResidualHidden = 12, GroupNorm = 3, Attention = 4 };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("gradient", 0, 0)]
    [InlineData("ema", 1, 0)]
    [InlineData("cosine", 1, 0)]
    [InlineData("simvq", 1, 0)]
    [InlineData("ema", 3, 4)]
    [InlineData("simvq", 0, 2)]
    public void A_model_round_trips_with_its_sizes(string quantizer, int layers, int lookupDim)
    {
        VqVaeOptions options = Small with
        {
            Quantizer = (CodebookOptions)QuantizerOptions.Find(quantizer) with
            {
                Commitment = 0.5f,
                Gradient = GradientEstimator.Rotation,
            },
            ResidualLayers = layers,
            LookupDim = lookupDim,
        };
        if (layers == 0) options = options with { ResidualHidden = new VqVaeOptions().ResidualHidden };
        var model = new VqVae(options, seed: 3);
        ModelFile.Write(_folder["model"], model, 0.0625);
        (VqVae read, double? variance) = ModelFile.Read(_folder["model"]);
        Assert.Equal(options, read.Options);
        Assert.Equal(0.0625, variance);
        Assert.Equal(
            model.State().Select(entry => (entry.Name, string.Join(' ', entry.Tensor.ToArray()))),
            read.State().Select(entry => (entry.Name, string.Join(' ', entry.Tensor.ToArray()))));
    }

    [Theory]
    [InlineData(2, 0, 0, 1)]
    [InlineData(8, 0, 0, 2)]
    [InlineData(16, 0, 0, 0)]
    [InlineData(4, 3, 0, 2)]
    [InlineData(2, 1, 0, 0)]
    [InlineData(4, 0, 6, 1)]
    [InlineData(8, 3, 4, 1)]
    [InlineData(16, 1, 1, 0)]
    public void A_network_round_trips_with_its_options(int stride, int groups, int heads, int layers)
    {
        VqVaeOptions options = Small with
        {
            Stride = stride,
            Hidden = 24,
            GroupNorm = groups,
            Attention = heads,
            ResidualHidden = 12,
            ResidualLayers = layers,
        };
        if (layers == 0) options = options with { ResidualHidden = new VqVaeOptions().ResidualHidden };
        using var model = new VqVae(options, seed: 3);
        foreach (string name in (string[])["model.safetensors", "model.pt"])
        {
            ModelFile.Write(_folder[name], model, null);
            using VqVae read = ModelFile.Read(_folder[name]).Model;
            Assert.Equal(options, read.Options);
            Assert.Equal(
                model.State().Select(entry => (entry.Name, string.Join(' ', entry.Tensor.ToArray()))),
                read.State().Select(entry => (entry.Name, string.Join(' ', entry.Tensor.ToArray()))));
        }
    }

    /// <summary>Any tensor of a part shows the part, so that a missing one is named.</summary>
    [Theory]
    [InlineData("_encoder._conv_4.weight")]
    [InlineData("_encoder._conv_3.bias")]
    [InlineData("_decoder._conv_trans_3.weight")]
    [InlineData("_encoder._norm_1.weight")]
    [InlineData("_encoder._residual_stack._norm.bias")]
    [InlineData("_decoder._residual_stack._layers.1._norm_2.weight")]
    [InlineData("_encoder._attention.norm.weight")]
    [InlineData("_decoder._attention.qkv.weight")]
    [InlineData("_decoder._attention.proj.bias")]
    public void A_missing_tensor_of_the_network_is_named(string name)
    {
        using var model = new VqVae(Network);
        ModelFile.Write(_folder["whole"], model, null);
        SafeTensors.Write(
            _folder["model"], [.. StateDict.Entries(model.State()).Where(entry => entry.Name != name)],
            SafeTensors.Read(_folder["whole"]).Metadata);
        Assert.Contains($"{name} is missing", Refusal(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("group_norm", null, "group normalisation, but the file's metadata does not say with how many groups")]
    [InlineData("attention", null, "self-attention, but the file's metadata does not say with how many heads")]
    [InlineData("group_norm", "many", "the metadata's \"group_norm\" is no number of groups: many")]
    [InlineData("attention", "0", "the metadata's \"attention\" is no number of heads: 0")]
    [InlineData("attention", "-2", "the metadata's \"attention\" is no number of heads: -2")]
    [InlineData("group_norm", "5", "unsupported model: GroupNorm must be 0 or a divisor")]
    [InlineData("attention", "99999999999", "is no number of heads")]
    public void Numbers_that_no_tensor_shows_must_be_in_the_metadata(string key, string? text, string message)
    {
        using var model = new VqVae(Network);
        ModelFile.Write(_folder["whole"], model, null);
        var metadata = new Dictionary<string, string>(SafeTensors.Read(_folder["whole"]).Metadata);
        if (text is null) metadata.Remove(key);
        else metadata[key] = text;
        SafeTensors.Write(_folder["model"], StateDict.Entries(model.State()), metadata);
        Assert.Contains(message, Refusal(), StringComparison.Ordinal);
    }

    /// <summary>The shapes are the same, but the weights would do something else.</summary>
    [Theory]
    [InlineData(1, 4, "its network has 3 groups of normalisation; the model's is 1")]
    [InlineData(3, 2, "its network has 4 heads of attention; the model's is 2")]
    [InlineData(0, 4, "_norm_1.weight")]
    [InlineData(3, 0, "_attention.norm.weight")]
    public void Weights_do_not_go_to_a_network_with_other_numbers(int groups, int heads, string message)
    {
        using VqVae model = new(Network), other = new(Network with { GroupNorm = groups, Attention = heads });
        ModelFile.Write(_folder["model"], model, null);
        var e = Assert.Throws<InputException>(() => ModelFile.ReadWeights(_folder["model"], null, other));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }
    /// <summary>What no tensor shows, but codes mean.</summary>
    public static TheoryData<string, VqVaeOptions, VqVaeOptions, string> OtherCodes()
    {
        var model = new VqVaeOptions { Hidden = 8, ResidualHidden = 4, Codes = 8, CodeDim = 4 };
        VqVaeOptions signs = model with { Quantizer = new LookupFreeQuantizerOptions() };
        VqVaeOptions averages = model with { Quantizer = new EmaVectorQuantizerOptions() };
        var four = new CellOptions { Depth = 4, SharedCodebook = true };
        return new()
        {
            { "kind of bits", signs, model with { Quantizer = new BinarySphericalQuantizerOptions() }, "quantizer is lfq" },
            { "kind of codebook", averages, model with { Quantizer = new CosineVectorQuantizerOptions() }, "quantizer is" },
            { "depth of signs", signs with { Cell = new() { Depth = 2 } }, signs, "2 in each of 1 groups" },
            { "shared depth", averages with { Cell = four }, averages with { Cell = four with { Depth = 2 } }, "4 in" },
        };
    }

    [Theory]
    [MemberData(nameof(OtherCodes))]
    public void Weights_whose_codes_mean_something_else_are_refused(
        string what, VqVaeOptions stored, VqVaeOptions own, string finding)
    {
        using var model = new VqVae(stored);
        ModelFile.Write(_folder["model"], model, dataVariance: null);
        using var other = new VqVae(own);
        var e = Assert.Throws<InputException>(() => ModelFile.ReadWeights(_folder["model"], null, other));
        Assert.True(e.Message.Contains(finding, StringComparison.Ordinal), $"{what}: {e.Message}");
        using var same = new VqVae(stored, seed: 2);
        ModelFile.ReadWeights(_folder["model"], null, same);
    }


    /// <summary>A file of a network without the new parts is the file that it was before they came.</summary>
    [Fact]
    public void The_metadata_of_the_reference_notebooks_network_has_no_new_entries()
    {
        using var model = new VqVae(Small);
        ModelFile.Write(_folder["model"], model, 0.0625);
        Assert.Equal(
            ["data_variance", "format", "quantizer"],
            SafeTensors.Read(_folder["model"]).Metadata.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_names_are_those_of_the_reference_notebook()
    {
        var model = new VqVae(Small with { Quantizer = new EmaVectorQuantizerOptions() });
        string[] names = [.. model.State().Select(entry => entry.Name)];
        Assert.Contains("_encoder._conv_1.weight", names);
        Assert.Contains("_encoder._residual_stack._layers.1._block.3.weight", names);
        Assert.Contains("_pre_vq_conv.bias", names);
        Assert.Contains("_vq_vae._embedding.weight", names);
        Assert.Contains("_vq_vae._ema_cluster_size", names);
        Assert.Contains("_vq_vae._ema_w", names);
        Assert.Contains("_decoder._conv_trans_2.bias", names);
        Assert.Equal(names.Length, names.Distinct().Count());
    }

    [Theory]
    [InlineData("_decoder._conv_1.weight")]
    [InlineData("_encoder._conv_1.weight")]
    [InlineData("_vq_vae._embedding.weight")]
    [InlineData("_encoder._residual_stack._layers.0._block.1.weight")]
    [InlineData("_encoder._residual_stack._layers.1._block.1.weight")]
    [InlineData("_decoder._residual_stack._layers.1._block.3.weight")]
    public void A_missing_tensor_is_named(string name)
    {
        WriteChanged(entries => entries.RemoveAll(entry => entry.Name == name));
        Assert.Contains($"{name} is missing", Refusal(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ema", 0, "_vq_vae._ema_w")]
    [InlineData("ema", 0, "_vq_vae._ema_cluster_size")]
    [InlineData("ema", 4, "_vq_vae._project_in.weight")]
    [InlineData("ema", 4, "_vq_vae._quantizer._ema_w")]
    public void A_missing_tensor_does_not_make_it_another_kind_of_model(string quantizer, int lookupDim, string name)
    {
        var model = new VqVae(Small with { Quantizer = QuantizerOptions.Find(quantizer), LookupDim = lookupDim });
        SafeTensors.Write(_folder["model"], [.. StateDict.Entries(model.State()).Where(entry => entry.Name != name)]);
        Assert.Contains($"{name} is missing", Refusal(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("_decoder._conv_1.weight")]
    [InlineData("_pre_vq_conv.bias")]
    public void A_misshapen_tensor_is_named_with_both_shapes(string name)
    {
        WriteChanged(entries => Replace(entries, name, entry => entry with { Shape = [1, entry.Values.Length] }));
        string message = Refusal();
        Assert.Contains(name, message, StringComparison.Ordinal);
        Assert.Contains("[1, ", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_tensor_that_is_not_finite_is_named(float value)
    {
        WriteChanged(entries => Replace(entries, "_pre_vq_conv.weight", entry =>
        {
            float[] values = entry.Values.ToArray();
            values[^1] = value;
            return entry with { Values = values };
        }));
        Assert.Contains("_pre_vq_conv.weight", Refusal(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, "extra.0")]
    [InlineData(3, "extra.0, extra.1, extra.2")]
    [InlineData(5, "extra.0, extra.1, extra.2 and 2 more")]
    public void Extra_tensors_are_left_out_and_named(int count, string summary)
    {
        WriteChanged(entries => entries.AddRange(
            Enumerable.Range(0, count).Select(i => new TensorEntry($"extra.{i}", [1], new float[1]))));
        StoredModel stored = ModelFile.Read(_folder["model"]);
        Assert.Equal(summary, stored.Origin.LeftOutSummary);
        Assert.Equal(count, stored.Origin.LeftOut.Count);
    }

    [Fact]
    public void A_common_prefix_is_removed_in_safetensors_too()
    {
        WriteChanged(entries => Rename(entries, name => $"net.{name}"));
        Assert.Equal("net.", ModelFile.Read(_folder["model"]).Origin.Prefix);
    }

    [Theory]
    [InlineData("extra")]
    [InlineData("module")]
    [InlineData("module_.extra")]
    [InlineData("loss.net.0.weight")]
    public void A_tensor_without_the_models_prefix_is_left_out(string other)
    {
        WriteChanged(entries =>
        {
            Rename(entries, name => $"module.{name}");
            entries.Add(new TensorEntry(other, [1], new float[1]));
        });
        ModelOrigin origin = ModelFile.Read(_folder["model"]).Origin;
        Assert.Equal("module.", origin.Prefix);
        Assert.Equal([other], origin.LeftOut);
    }

    [Fact]
    public void A_model_without_a_prefix_goes_before_another_beside_it()
    {
        WriteChanged(entries => entries.AddRange(
            [.. entries.Select(entry => entry with { Name = $"ema.{entry.Name}" })]));
        ModelOrigin origin = ModelFile.Read(_folder["model"]).Origin;
        Assert.Equal("", origin.Prefix);
        Assert.All(origin.LeftOut, name => Assert.StartsWith("ema.", name, StringComparison.Ordinal));
    }

    [Fact]
    public void Two_models_in_one_dict_are_refused_with_their_prefixes()
    {
        WriteChanged(entries =>
        {
            TensorEntry[] ema = [.. entries.Select(entry => entry with { Name = $"ema.{entry.Name}" })];
            Rename(entries, name => $"model.{name}");
            entries.AddRange(ema);
        });
        Assert.EndsWith(
            ": its tensors form several models, with the prefixes model., ema.; "
            + "save the state dict of one model alone",
            Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void Many_prefixes_in_one_dict_are_refused_and_counted()
    {
        WriteChanged(entries =>
        {
            Rename(entries, name => $"model.{name}");
            entries.AddRange(Enumerable.Range(0, 20).Select(
                i => new TensorEntry($"part{i:00}._encoder._conv_1.weight", [1], new float[1])));
        });
        Assert.Contains("part06. and 13 more; save", Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_prefix_of_the_only_whole_model_is_chosen()
    {
        WriteChanged(entries =>
        {
            Rename(entries, name => $"model.{name}");
            entries.Insert(0, new TensorEntry("first._encoder._conv_1.weight", [1], new float[1]));
        });
        ModelOrigin origin = ModelFile.Read(_folder["model"]).Origin;
        Assert.Equal("model.", origin.Prefix);
        Assert.Equal(["first._encoder._conv_1.weight"], origin.LeftOut);
    }

    [Fact]
    public void A_missing_tensor_is_named_with_the_prefix_as_in_the_file()
    {
        WriteChanged(entries =>
        {
            entries.RemoveAll(entry => entry.Name == "_pre_vq_conv.weight");
            Rename(entries, name => $"a\u001bb.{name}");
        });
        Assert.Contains(@"the tensor a\u001bb._pre_vq_conv.weight is missing", Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void Control_characters_in_names_are_shown_by_their_codes()
    {
        WriteChanged(entries => entries.Add(new TensorEntry("a\u001b[2Jb\n", [1], new float[1])));
        Assert.Equal(@"a\u001b[2Jb\u000a", ModelFile.Read(_folder["model"]).Origin.LeftOutSummary);
    }

    private static void Rename(List<TensorEntry> entries, Func<string, string> rename)
    {
        for (int i = 0; i < entries.Count; i++) entries[i] = entries[i] with { Name = rename(entries[i].Name) };
    }

    [Fact]
    public void A_codebook_that_does_not_fit_the_other_tensors_is_refused()
    {
        WriteChanged(entries => Replace(
            entries, "_vq_vae._embedding.weight", entry => entry with { Shape = [entry.Values.Length, 1] }));
        Refusal();
    }

    /// <summary>Tensors without elements take no bytes, whatever sizes they declare.</summary>
    [Theory]
    [InlineData("_encoder._conv_2.weight", 8192, 0, 4, 4)]
    [InlineData("_encoder._residual_stack._layers.0._block.1.weight", 8192, 0, 3, 3)]
    [InlineData("_encoder._conv_1.weight", 0, 3, 4, 4)]
    public void A_small_file_that_declares_large_sizes_is_refused_before_allocation(string name, params int[] shape)
    {
        WriteChanged(
            entries => Replace(entries, name, entry => new TensorEntry(entry.Name, shape, Array.Empty<float>())));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("has the shape [", Refusal(), StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    [Fact]
    public void Unsupported_sizes_are_refused_with_the_file()
    {
        WriteChanged(entries => Replace(entries, "_encoder._conv_1.weight", entry => new TensorEntry(
            entry.Name, [entry.Shape[0], 4, 4, 4], new float[entry.Shape[0] * 64])));
        Assert.Contains("Channels must be 1 or 3, not 4", Refusal(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{ "tyqe": "ema" }""")]
    [InlineData("""{ "type": "unheard-of" }""")]
    [InlineData("""{ "type": "ema", "averagesStart": "unheard-of" }""")]
    [InlineData("""{ "type": "ema", "averagesStart": 0 }""")]
    [InlineData("null")]
    [InlineData("{")]
    public void Invalid_quantizer_metadata_is_refused_with_the_file(string json)
    {
        List<TensorEntry> entries = [.. new VqVae(Small).State().Select(
            entry => new TensorEntry(entry.Name, entry.Tensor.Shape.ToArray(), entry.Tensor.ToArray()))];
        SafeTensors.Write(_folder["model"], entries, new Dictionary<string, string> { ["quantizer"] = json });
        Assert.Contains("quantizer", Refusal(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Seed", EmaStart.Reference)]
    [InlineData("Reference", EmaStart.Reference)]
    [InlineData("Codebook", EmaStart.Codebook)]
    public void The_start_of_running_averages_is_read_by_its_name_and_its_former_name(string name, EmaStart expected)
    {
        var model = new VqVae(Small with { Quantizer = new EmaVectorQuantizerOptions() });
        TensorEntry[] entries = [.. model.State().Select(
            entry => new TensorEntry(entry.Name, entry.Tensor.Shape.ToArray(), entry.Tensor.ToArray()))];
        SafeTensors.Write(_folder["model"], entries, new Dictionary<string, string>
        {
            ["quantizer"] = $$"""
                {"type":"ema","averagesStart":"{{name}}","keepSmoothing":true,"decay":0.99,"decayRamp":false,
                "revival":0,"commitment":0.25,"gradient":"StraightThrough","start":"Random"}
                """,
        });
        QuantizerOptions read = ModelFile.Read(_folder["model"]).Model.Options.Quantizer;
        Assert.Equal(new EmaVectorQuantizerOptions { AveragesStart = expected }, read);
    }

    [Fact]
    public void Foreign_and_truncated_files_are_refused()
    {
        File.WriteAllText(_folder["model"], "not a model");
        Refusal();
        ModelFile.Write(_folder["model"], new VqVae(Small), null);
        byte[] whole = File.ReadAllBytes(_folder["model"]);
        File.WriteAllBytes(_folder["model"], whole[..^5]);
        Refusal();
        File.WriteAllBytes(_folder["model"], []);
        Refusal();
        File.Delete(_folder["model"]);
        Refusal();
    }

    private void WriteChanged(Action<List<TensorEntry>> change)
    {
        List<TensorEntry> entries =
        [
            .. new VqVae(Small).State().Select(
                entry => new TensorEntry(entry.Name, entry.Tensor.Shape.ToArray(), entry.Tensor.ToArray())),
        ];
        change(entries);
        SafeTensors.Write(_folder["model"], entries);
    }

    private static void Replace(List<TensorEntry> entries, string name, Func<TensorEntry, TensorEntry> change)
    {
        int i = entries.FindIndex(entry => entry.Name == name);
        entries[i] = change(entries[i]);
    }

    private string Refusal()
    {
        InputException e = Assert.Throws<InputException>(() => ModelFile.Read(_folder["model"]));
        Assert.Contains(_folder["model"], e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
        return e.Message;
    }
}
