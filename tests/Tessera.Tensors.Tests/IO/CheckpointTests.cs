using Tessera.Tensors.IO;

namespace Tessera.Tensors.Tests.IO;

/// <summary>
/// State dicts beside other values, and files in the format before PyTorch 1.6, both written by
/// <see cref="TorchSave"/>.
/// </summary>
public sealed class CheckpointTests
{
    private static readonly float[] Six = [1, 2, 3, 4, 5, 6];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_dict_of_tensors_is_found_with_its_path(bool old)
    {
        var checkpoint = new Dictionary<string, object?>
        {
            ["epoch"] = 3,
            ["losses"] = new List<object?> { 0.5, 0.25 },
            ["model"] = Weights(Six),
            ["optimizer"] = new Dictionary<string, object?>
            {
                ["state"] = new Dictionary<string, object?> { ["0"] = Weights([7, 8, 9, 10, 11, 12]) },
            },
        };
        IReadOnlyList<TensorFile> dicts = ReadAll(checkpoint, old);
        Assert.Equal(["model", "optimizer.state.0"], dicts.Select(dict => dict.Key));
        Assert.Equal("1 2 3 4 5 6", Values(dicts[0]["weight"]));
        Assert.Equal("7 8 9 10 11 12", Values(dicts[1]["weight"]));
        InvalidDataException e = Assert.Throws<InvalidDataException>(
            () => PyTorchFile.Read(new MemoryStream(TorchSave.Zip(checkpoint))));
        Assert.Contains("2 dicts of tensors", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Objects_beside_the_weights_are_skipped_and_not_run(bool old)
    {
        using var folder = new TemporaryFolder();
        var system = new TorchObject(
            "posix", "system", [$"touch {folder["touched"]}"], State: new Dictionary<string, object?> { ["a"] = 1 });
        TensorFile dict = Assert.Single(ReadAll(
            new Dictionary<string, object?>
            {
                ["args"] = new TorchObject(
                    "argparse", "Namespace", [], State: new Dictionary<string, object?> { ["lr"] = 0.1 }),
                ["evil"] = system,
                ["model"] = new Dictionary<string, object?>(Weights(Six))
                {
                    ["buffer"] = system,
                    ["bytes"] = new TorchTensor(new byte[5], [5]),
                },
            },
            old));
        Assert.Empty(folder.Names);
        Assert.Equal("weight", Assert.Single(dict.Tensors).Name);
        Assert.Equal(["buffer", "bytes"], dict.NotRead.Keys);
        Assert.Contains(
            "posix.system, which is refused and was not run",
            Assert.Throws<InvalidDataException>(() => dict["buffer"]).Message, StringComparison.Ordinal);
        Assert.Contains("torch.ByteStorage", dict.NotRead["bytes"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_tensor_of_long_integers_is_skipped_and_the_others_are_read(bool old)
    {
        TensorFile dict = Assert.Single(ReadAll(
            new Dictionary<string, object?>(Weights(Six))
            {
                ["random_state"] = new TorchTensor(new long[] { 1, int.MaxValue + 1L }, [2]),
                ["steps"] = new TorchTensor(new long[] { -1, int.MinValue }, [2]),
            },
            old));

        Assert.Equal("1 2 3 4 5 6", Values(dict["weight"]));
        Assert.Equal([-1, int.MinValue], dict.Ints("steps").Values.ToArray());
        Assert.Equal(["random_state"], dict.NotRead.Keys);
        Assert.Contains(
            "'random_state' needs integers of more than 32 bits",
            Assert.Throws<InvalidDataException>(() => dict.Ints("random_state")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_storage_of_long_integers_is_read_once_for_all_its_tensors(bool old)
    {
        long[] storage = new long[10_000];
        storage[^1] = long.MaxValue;
        Dictionary<string, object?> state = Enumerable.Range(0, 100).ToDictionary(
            i => $"view{i}", i => (object?)new TorchTensor(storage, [1], Offset: i));
        byte[] file = old ? TorchSave.Old(state) : TorchSave.Zip(state);
        using var stream = new CountingStream(file);

        TensorFile dict = Assert.Single(PyTorchFile.ReadAll(stream));

        Assert.Equal(state.Count, dict.NotRead.Count);
        Assert.True(stream.Count < 4L * file.Length, $"{stream.Count} bytes were read of a file of {file.Length}");
    }

    [Fact]
    public void A_file_without_a_dict_of_tensors_is_refused_with_the_reason()
    {
        var module = new TorchObject("models", "Net", [], State: Weights(Six));
        AssertRefused(TorchSave.Zip(module), "it holds models.Net, which is refused and was not run");
        AssertRefused(
            TorchSave.Zip(new Dictionary<string, object?> { ["model"] = module }),
            "'model' needs models.Net, which is refused");
        AssertRefused(TorchSave.Old(new Dictionary<string, object?> { ["epoch"] = 3 }), "it holds no dict of tensors;");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_dict_that_contains_itself_is_read_once(bool old)
    {
        var root = new Dictionary<string, object?>();
        Dictionary<string, object?> model = Weights(Six);
        model["root"] = root;
        root["list"] = new List<object?> { root };
        root["self"] = root;
        root["model"] = model;
        root["ema"] = model;
        Assert.Equal(["model", "ema"], ReadAll(root, old).Select(dict => dict.Key));
    }

    [Fact]
    public void Dicts_that_are_nested_too_deeply_are_not_read()
    {
        Assert.Equal("a.a.a.a.a.a.a", Assert.Single(ReadAll(Nested(7, Weights(Six)), old: false)).Key);
        AssertRefused(TorchSave.Zip(Nested(9, Weights(Six))), "holds no dict of tensors");
    }

    [Fact]
    public void Tensors_before_1_6_share_storages_and_parts_of_them()
    {
        float[] shared = [.. Enumerable.Range(0, 10).Select(i => (float)i)];
        TensorFile dict = Assert.Single(ReadAll(
            new Dictionary<string, object?>
            {
                ["whole"] = new TorchTensor(shared, [10]),
                ["tail"] = new TorchTensor(shared, [4], Offset: 6),
                ["part"] = new TorchTensor(shared, [2, 2], Offset: 1, View: (3, 5)),
                ["bytes"] = new TorchTensor(new byte[3], [3]),
                ["last"] = new TorchTensor(Six, [6]),
            },
            old: true));
        Assert.Equal("6 7 8 9", Values(dict["tail"]));
        Assert.Equal("4 5 6 7", Values(dict["part"]));
        Assert.Equal("1 2 3 4 5 6", Values(dict["last"]));
    }

    [Theory]
    [InlineData(0, 5, "reaches beyond its storage")] // The part holds 5 elements.
    [InlineData(3, 8, "a part that its storage does not have")]
    [InlineData(-1, 5, "a part that its storage does not have")]
    [InlineData(0, -1, "a part that its storage does not have")]
    public void A_part_that_its_storage_does_not_have_is_refused(int start, int count, string reason) => AssertRefused(
        TorchSave.Old(
            new Dictionary<string, object?> { ["x"] = new TorchTensor(new float[10], [6], View: (start, count)) }),
        reason);

    [Theory]
    [InlineData(7L, "has 28 bytes, but the pickle claims 6 of F32")]
    [InlineData(5L, "has 20 bytes, but the pickle claims 6 of F32")]
    [InlineData(8L, "truncated")]
    [InlineData(long.MaxValue, "truncated")]
    [InlineData(-1L, "claims -1 elements")]
    public void A_storage_of_another_length_than_claimed_is_refused(long count, string reason)
    {
        List<byte[]> parts = TorchSave.OldParts(Weights(Six));
        parts[^1] = [.. BitConverter.GetBytes(count), .. parts[^1][sizeof(long)..], 0, 0, 0, 0];
        AssertRefused([.. parts.SelectMany(part => part)], reason);
    }

    [Fact]
    public void A_file_from_before_1_6_is_refused_wherever_it_is_cut()
    {
        byte[] file = TorchSave.Old(Weights(Six));
        Assert.Single(PyTorchFile.ReadAll(new MemoryStream(file)));
        for (int length = 4; length < file.Length; length++) AssertRefused(file[..length], "");
    }

    [Theory]
    [InlineData(0, "magic number")]
    [InlineData(1, "protocol version is not 1001")]
    [InlineData(2, "little-endian")]
    [InlineData(4, "storage '0' of 'weight' is missing")]
    public void A_damaged_part_of_a_file_from_before_1_6_is_named(int part, string reason)
    {
        List<byte[]> parts = TorchSave.OldParts(Weights(Six));
        parts[part] = part switch
        {
            0 => [.. parts[0][..^2], 0, (byte)'.'],
            4 => TorchSave.OldParts(new Dictionary<string, object?>())[4],
            _ => TorchSave.OldParts(new Dictionary<string, object?>())[3],
        };
        AssertRefused([.. parts.SelectMany(bytes => bytes)], reason);
    }

    [Fact]
    public void Damage_to_a_file_from_before_1_6_is_survived() => Damage.IsSurvived<InvalidDataException>(
        TorchSave.Old(new Dictionary<string, object?>
        {
            ["epoch"] = 3,
            ["model"] = Weights(Six),
            ["args"] = new TorchObject("argparse", "Namespace", [], State: Weights([1, 2, 3, 4, 5, 6])),
        }),
        "some/file", file =>
        {
            // Other first bytes mean another format.
            if (file.AsSpan().StartsWith((byte[])[0x80, 2, 0x8A, 10]))
                PyTorchFile.ReadAll(new MemoryStream(file), "some/file");
        });

    private static Dictionary<string, object?> Nested(int levels, Dictionary<string, object?> inner) =>
        levels == 0 ? inner : new Dictionary<string, object?> { ["a"] = Nested(levels - 1, inner) };

    private static Dictionary<string, object?> Weights(float[] values) =>
        new() { ["weight"] = new TorchTensor(values, [2, 3]) };

    private static IReadOnlyList<TensorFile> ReadAll(object? value, bool old) =>
        PyTorchFile.ReadAll(new MemoryStream(old ? TorchSave.Old(value) : TorchSave.Zip(value)));

    private static string Values(TensorEntry tensor) => string.Join(' ', tensor.Values.ToArray());

    private static void AssertRefused(byte[] file, string reason)
    {
        InvalidDataException e = Assert.Throws<InvalidDataException>(
            () => PyTorchFile.ReadAll(new MemoryStream(file), "some/file"));
        Assert.StartsWith("some/file: ", e.Message, StringComparison.Ordinal);
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
        Assert.Contains("torch.save(model.state_dict(), PATH)", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    private sealed class CountingStream(byte[] content) : MemoryStream(content)
    {
        /// <summary>The bytes read so far.</summary>
        public long Count { get; private set; }

        // In a derived class, the other overload calls this one.
        public override int Read(byte[] buffer, int offset, int count)
        {
            int read = base.Read(buffer, offset, count);
            Count += read;
            return read;
        }
    }
}
