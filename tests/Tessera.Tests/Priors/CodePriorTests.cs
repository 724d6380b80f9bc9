using Tessera.Priors;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices.Cpu;

namespace Tessera.Tests.Priors;

public sealed class CodePriorTests
{
    private static readonly CodePriorOptions Options = SmallPrior.Options;

    public static TheoryData<int?, string?> Devices => ParityDevices.All();

    [Fact]
    public void The_logits_of_a_position_depend_on_its_input_and_those_before_alone()
    {
        using CodePrior prior = SmallPrior.Create();
        int[] inputs = SmallPrior.Inputs(Options, batch: 1);
        float[] expected = SmallPrior.Logits(prior, inputs);
        for (int changed = 0; changed < Options.Length; changed++)
        {
            int[] others = [.. inputs];
            others[changed] = (others[changed] + 1) % Options.Codes;
            float[] found = SmallPrior.Logits(prior, others);
            for (int position = 0; position < Options.Length; position++)
            {
                bool isSame = Row(expected, position).SequenceEqual(Row(found, position));
                Assert.True(
                    isSame == position < changed,
                    $"input {changed} {(isSame ? "does not change" : "changes")} the logits of position {position}");
            }
        }
    }

    /// <summary>The cached pass gives the bits of the whole one, in a batch of any size.</summary>
    [Theory]
    [MemberData(nameof(Devices))]
    public void Position_by_position_the_bits_are_those_of_all_at_once(int? threads, string? kernels)
    {
        const int Batch = 3;
        using var device = new CpuDevice(threads, kernels);
        using CodePrior prior = SmallPrior.Create(device: device);
        int[] inputs = SmallPrior.Inputs(Options, Batch);
        float[] expected = SmallPrior.Logits(prior, inputs);
        using var cache = new PriorCache(prior, Batch);
        using var single = new PriorCache(prior, 1);
        using var tape = new Tape(device, recording: false);
        // Twice: what the cache holds of a position before is overwritten.
        for (int round = 0; round < 2; round++)
        {
            for (int position = 0; position < Options.Length; position++)
            {
                int[] now = [.. Enumerable.Range(0, Batch).Select(i => inputs[i * Options.Length + position])];
                cache.Inputs.CopyFrom(now);
                single.Inputs.CopyFrom(now.AsSpan(0, 1));
                float[] logits = prior.At(position, cache, tape).ToArray();
                float[] alone = prior.At(position, single, tape).ToArray();
                tape.Reset();
                for (int i = 0; i < Batch; i++)
                    Assert.Equal(
                        Row(expected, i * Options.Length + position),
                        logits[(i * Options.Codes)..((i + 1) * Options.Codes)]);
                Assert.Equal(logits[..Options.Codes], alone);
            }
        }
    }

    [Fact]
    public void Parameters_have_plain_names_and_the_stated_shapes()
    {
        using var prior = new CodePrior(Options with { Layers = 1 });
        Assert.Equal(
            [
                ("inputs.weight", [8, 16]), ("rows.weight", [2, 16]), ("columns.weight", [3, 16]),
                ("blocks.0.norm1.weight", [16]), ("blocks.0.norm1.bias", [16]), ("blocks.0.qkv.weight", [48, 16]),
                ("blocks.0.proj.weight", [16, 16]), ("blocks.0.proj.bias", [16]), ("blocks.0.norm2.weight", [16]),
                ("blocks.0.norm2.bias", [16]), ("blocks.0.up.weight", [64, 16]), ("blocks.0.up.bias", [64]),
                ("blocks.0.down.weight", [16, 64]), ("blocks.0.down.bias", [16]), ("norm.weight", [16]),
                ("norm.bias", [16]), ("head.weight", [5, 16]),
            ],
            prior.State().Select(entry => (entry.Name, entry.Tensor.Shape.ToArray())));
        Assert.Equal(8, prior.Inputs);
    }

    [Fact]
    public void A_seed_gives_the_same_weights_again_and_another_seed_others()
    {
        using CodePrior one = new(Options, seed: 1), again = new(Options, seed: 1), other = new(Options, seed: 2);
        Assert.Equal(Weights(one), Weights(again));
        Assert.NotEqual(Weights(one), Weights(other));
    }

    [Fact]
    public void Inputs_of_another_length_or_without_a_tape_are_refused()
    {
        using CodePrior prior = SmallPrior.Create();
        using var tape = new Tape(prior.Device, recording: false);
        using Indices free = Indices.From(new int[6], [1, 6], prior.Inputs);
        Assert.Contains("on no tape", Refused(free), StringComparison.Ordinal);
        Assert.Contains(
            "inputs are [batch, 6], not [1, 5]", Refused(tape.Indices(new int[5], [1, 5], prior.Inputs)),
            StringComparison.Ordinal);
        Assert.Contains("[batch, 6]", Refused(tape.Indices(new int[6], [6], prior.Inputs)), StringComparison.Ordinal);

        string Refused(Indices inputs) => Assert.Throws<ArgumentException>(() => prior.Forward(inputs)).Message;
    }

    public static TheoryData<CodePriorOptions, string> BadOptions => new()
    {
        { Options with { Codes = 1 }, "Codes" },
        { Options with { Codes = (1 << 20) + 1 }, "Codes" },
        { Options with { Rows = 0 }, "Rows" },
        { Options with { Columns = 0 }, "Columns" },
        { Options with { Rows = 300, Columns = 300 }, "Columns" },
        { Options with { Width = 4 }, "Width" },
        { Options with { Codes = 1 << 20, Width = 8192 }, "Width" },
        { Options with { Layers = 0 }, "Layers" },
        { Options with { Heads = 3 }, "Heads" },
        { Options with { Heads = 0 }, "Heads" },
        { Options with { Dropout = 1 }, "Dropout" },
        { Options with { Dropout = float.NaN }, "Dropout" },
    };

    [Theory]
    [MemberData(nameof(BadOptions))]
    public void Options_out_of_range_are_refused_by_name(CodePriorOptions options, string name)
    {
        InputException e = Assert.Throws<InputException>(() => new CodePrior(options));
        Assert.Equal(name, e.Option);
        Assert.StartsWith(name, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_class_is_found_by_its_name_and_the_names_are_listed_if_it_is_unknown()
    {
        Assert.Equal((int?[])[0, 1, null], [.. new[] { "cat", "dog", null }.Select(Options.FindClass)]);
        Assert.Equal((5, 6, 7), (Options.FirstInput(0), Options.FirstInput(1), Options.FirstInput(null)));
        InputException e = Assert.Throws<InputException>(() => Options.FindClass("cow"));
        Assert.Equal(("Class", "there is no class \"cow\"; the classes are cat, dog"), (e.Option, e.Message));
        e = Assert.Throws<InputException>(() => (Options with { Classes = [] }).FindClass("cow"));
        Assert.Contains("without classes", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_are_equal_if_their_sizes_and_class_names_are()
    {
        CodePriorOptions same = Options with { Classes = ["cat", "dog"] };
        Assert.Equal(Options, same);
        Assert.Equal(Options.GetHashCode(), same.GetHashCode());
        Assert.NotEqual(Options, Options with { Classes = ["dog", "cat"] });
        Assert.NotEqual(Options, Options with { Dropout = 0.1f });
    }

    private static float[] Row(float[] logits, int row) =>
        logits[(row * Options.Codes)..((row + 1) * Options.Codes)];

    private static float[] Weights(CodePrior prior) => [.. prior.State().SelectMany(entry => entry.Tensor.ToArray())];
}
