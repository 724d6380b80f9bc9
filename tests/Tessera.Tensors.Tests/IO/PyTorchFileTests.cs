using System.IO.Compression;
using System.Text;
using Tessera.Tensors.IO;

namespace Tessera.Tensors.Tests.IO;

/// <summary>Files written by PyTorch (tests/fixtures/pytorch), and files written for PyTorch.</summary>
public sealed class PyTorchFileTests
{
    [Theory]
    [InlineData("kinds.pt")]
    [InlineData("kinds_old.pt")]
    public void Every_type_and_layout_is_read_as_by_PyTorch(string name)
    {
        TensorFile actual = TensorFile.Read(Repository.Fixture("pytorch", name));
        TensorFile expected = SafeTensors.Read(Repository.Fixture("pytorch", "kinds.safetensors"));
        Assert.Equal(expected.Tensors.Select(Describe).Order(), actual.Tensors.Select(Describe).Order());
        Assert.Equal(
            expected.IntTensors.Select(DescribeInts).Order(), actual.IntTensors.Select(DescribeInts).Order());
        Assert.Empty(actual.Metadata);
    }

    [Fact]
    public void Tensors_keep_the_order_of_the_state_dict()
    {
        TensorFile file = TensorFile.Read(Repository.Fixture("pytorch", "small.pt"));
        Assert.Equal(
            "_encoder._conv_1.weight _encoder._conv_1.bias _encoder._conv_2.weight",
            string.Join(' ', file.Tensors.Take(3).Select(tensor => tensor.Name)));
    }

    [Fact]
    public void Written_tensors_are_read_back()
    {
        TensorEntry[] tensors =
        [
            new("weight", [2, 3], (float[])[1, -2, float.MaxValue, float.NaN, 0, float.Epsilon]),
            new("scalar", [], (float[])[7]),
            new("empty", [0, 4], (float[])[]),
            new("ein Wort, ∂", [1], (float[])[0.5f]),
        ];
        var metadata = new Dictionary<string, string> { ["b"] = "zwei\nZeilen", ["a"] = "" };
        TensorFile file = RoundTrip(tensors, metadata);
        Assert.Equal(tensors.Select(Describe), file.Tensors.Select(Describe));
        Assert.Equal(metadata.OrderBy(pair => pair.Key), file.Metadata.OrderBy(pair => pair.Key));
    }

    [Fact]
    public void The_same_tensors_are_the_same_bytes()
    {
        TensorEntry[] tensors = [new("weight", [2], (float[])[1, 2])];
        Assert.Equal(Bytes(tensors), Bytes(tensors));
    }

    [Fact]
    public void Invalid_tensors_are_refused_and_leave_no_file()
    {
        using var folder = new TemporaryFolder();
        TensorEntry entry = new("weight", [2], new float[2]);
        Assert.Throws<ArgumentException>(() => PyTorchFile.Write(folder["a.pt"], [entry, entry]));
        Assert.Throws<ArgumentException>(() => PyTorchFile.Write(folder["a.pt"], [entry with { Shape = [3] }]));
        Assert.Empty(folder.Names);
    }

    [Theory]
    [InlineData("evil.pt", "'_encoder._conv_1.weight' needs posix.system, which is refused and was not run")]
    [InlineData("module.pt", "seed_model.Model, which is refused")]
    public void A_file_without_a_state_dict_is_refused_with_advice(string name, string reason) => AssertRefused(
        () => TensorFile.Read(Repository.Fixture("pytorch", name)), Repository.Fixture("pytorch", name), reason,
        "torch.save(model.state_dict(), PATH)");

    [Theory]
    [InlineData("(lp0\n.", "opcode 0x6C")] // A list of protocol 0.
    [InlineData("cbuiltins\neval\n.", "builtins.eval, which is refused and was not run")]
    [InlineData("cbuiltins\neval\nX\x01\0\0\0a\x85R}b.", "builtins.eval, which is refused and was not run")]
    [InlineData("c__builtin__\nexec\n.", "__builtin__.exec, which is refused")]
    [InlineData("ctorch._utils\n_rebuild_parameter\n)R.", "not a tensor")]
    [InlineData("ccollections\nOrderedDict\n(K\x01tR.", "not a tensor")]
    [InlineData("ccollections\nOrderedDict\nK\x01R.", "not a tuple")]
    [InlineData("K\x01Q.", "not a storage")]
    [InlineData("X\x01\0\0\0aK\x01\x86Q.", "not a storage")]
    [InlineData("K\x01}b.", "not a dict")]
    [InlineData("}K\x01K\x02s.", "no dict of tensors")]
    [InlineData("}NK\x02s.", "no dict of tensors")]
    [InlineData("}q\0X\x01\0\0\0ah\0s.", "no dict of tensors")] // A dict that holds itself.
    [InlineData("].", "holds no dict")]
    [InlineData("", "ends early")]
    [InlineData("\x8a\x09\x01\x01\x01\x01\x01\x01\x01\x01\x01.", "64 bits")]
    public void A_pickle_with_unsupported_content_is_refused(string latin1, string reason) =>
        AssertRefused(() => Read(("model/data.pkl", Encoding.Latin1.GetBytes(latin1))), "stream", reason);

    [Theory]
    [InlineData("offset -1", "reaches beyond")]
    [InlineData("offset 1", "reaches beyond")]
    [InlineData("shape 3", "reaches beyond")]
    [InlineData("shape -2", "the shape of 'x' is invalid")]
    [InlineData("shape 2147483000", "reaches beyond")]
    [InlineData("shape 2147483647", "too large")]
    [InlineData("stride -1", "reaches beyond")]
    [InlineData("count 3", "has 8 bytes, but the pickle claims 3 of F32")]
    [InlineData("count 1", "reaches beyond")]
    [InlineData("count -1", "not a storage")]
    [InlineData("stride 2147483647", "reaches beyond")]
    public void Numbers_that_do_not_fit_are_refused(string change, string reason)
    {
        Read(("model/data.pkl", Pickle("")), ("model/data/0", new byte[8]));
        AssertRefused(() => Read(("model/data.pkl", Pickle(change)), ("model/data/0", new byte[8])), "stream", reason);
    }

    [Fact]
    public void A_large_tensor_in_a_small_file_is_refused_before_it_takes_memory()
    {
        byte[] pickle = Pickle("shape 2000000000", "stride 0");
        long before = GC.GetAllocatedBytesForCurrentThread();
        AssertRefused(
            () => Read(("model/data.pkl", pickle), ("model/data/0", new byte[8])), "stream",
            "far larger than the file");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void Metadata_that_names_one_long_text_many_times_is_refused_before_it_takes_memory()
    {
        const int Length = 1 << 16;
        // An OrderedDict of a tensor with the attribute metadata: 1,000 keys with one text, memoized as 0.
        string dict = Encoding.Latin1.GetString(Pickle(""));
        string item = dict[dict.IndexOf('X')..dict.IndexOf("s.", StringComparison.Ordinal)];
        var pickle = new StringBuilder($"\u0080\u0002ccollections\nOrderedDict\n)R{item}s}}X\u0008\0\0\0metadata}}");
        for (int i = 0; i < 1000; i++)
        {
            pickle.Append(System.Globalization.CultureInfo.InvariantCulture, $"X\u0004\0\0\0{i:0000}");
            string length = Encoding.Latin1.GetString(BitConverter.GetBytes(Length));
            if (i == 0) pickle.Append('X').Append(length).Append('a', Length).Append("q\0");
            else pickle.Append("h\0");
            pickle.Append('s');
        }
        byte[] bytes = Encoding.Latin1.GetBytes(pickle.Append("sb.").ToString());
        long before = GC.GetAllocatedBytesForCurrentThread();
        AssertRefused(
            () => Read(("model/data.pkl", bytes), ("model/data/0", new byte[8])), "stream",
            "metadata is larger than the file");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 << 20);
    }

    [Fact]
    public void Records_that_are_missing_compressed_or_big_endian_are_named()
    {
        byte[] pickle = Pickle("");
        AssertRefused(() => Read(("model/data.pkl", pickle)), "stream", "the storage '0' of 'x' is missing");
        AssertRefused(() => Read(("model/other.pkl", pickle)), "stream", "0 entries NAME/data.pkl");
        AssertRefused(() => Read(("a/data.pkl", pickle), ("b/data.pkl", pickle)), "stream", "2 entries NAME/data.pkl");
        AssertRefused(
            () => Read(
                ("model/data.pkl", pickle), ("model/byteorder", "big"u8.ToArray()), ("model/data/0", new byte[8])),
            "stream", "little-endian");
        AssertRefused(
            () => Read(CompressionLevel.Optimal, ("model/data.pkl", pickle), ("model/data/0", new byte[8])), "stream",
            "compressed");
    }

    [Fact]
    public void A_storage_that_is_claimed_with_two_lengths_is_refused()
    {
        string one = Encoding.Latin1.GetString(Pickle(""));
        string two = Encoding.Latin1.GetString(Pickle("count 1", "shape 1"));
        string item = two[two.IndexOf('X')..two.IndexOf("s.", StringComparison.Ordinal)]
            .Replace("\0x", "\0y", StringComparison.Ordinal);
        byte[] both = Encoding.Latin1.GetBytes(one.Replace("s.", $"s{item}s.", StringComparison.Ordinal));
        AssertRefused(
            () => Read(("model/data.pkl", both), ("model/data/0", new byte[8])), "stream",
            "'y' has 8 bytes, but the pickle claims 1 of F32");
    }

    /// <summary>A pickle of {'x': a tensor of two numbers}, with one or two of its values changed.</summary>
    private static byte[] Pickle(params string[] changes)
    {
        int Number(string name, int usual) => changes.Where(change => change.StartsWith(name, StringComparison.Ordinal))
            .Select(change => int.Parse(change[name.Length..], System.Globalization.CultureInfo.InvariantCulture))
            .FirstOrDefault(usual);
        string Integer(string name, int usual) =>
            "J" + Encoding.Latin1.GetString(BitConverter.GetBytes(Number(name, usual)));
        return Encoding.Latin1.GetBytes(
            "\u0080\u0002}X\u0001\0\0\0xctorch._utils\n_rebuild_tensor_v2\n"
            + "((X\u0007\0\0\0storagectorch\nFloatStorage\nX\u0001\0\0\0" + "0X\u0003\0\0\0cpu"
            + Integer("count", 2) + "tQ" + Integer("offset", 0) + Integer("shape", 2) + "\u0085"
            + Integer("stride", 1) + "\u0085\u0089}tRs.");
    }

    private static TensorFile Read(params (string Name, byte[] Content)[] records) =>
        Read(CompressionLevel.NoCompression, records);

    private static TensorFile Read(CompressionLevel level, params (string Name, byte[] Content)[] records)
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string name, byte[] content) in records)
            {
                using Stream record = zip.CreateEntry(name, level).Open();
                record.Write(content);
            }
        }
        return PyTorchFile.Read(stream);
    }

    private static TensorFile RoundTrip(TensorEntry[] tensors, Dictionary<string, string> metadata) =>
        PyTorchFile.Read(new MemoryStream(Bytes(tensors, metadata)));

    private static byte[] Bytes(TensorEntry[] tensors, Dictionary<string, string>? metadata = null)
    {
        using var stream = new MemoryStream();
        PyTorchFile.Write(stream, tensors, metadata);
        return stream.ToArray();
    }

    private static string Describe(TensorEntry tensor) =>
        $"{tensor.Name} [{string.Join(',', tensor.Shape)}]: {string.Join(' ', tensor.Values.ToArray())}";

    private static string DescribeInts(IntTensorEntry tensor) =>
        $"{tensor.Name} [{string.Join(',', tensor.Shape)}]: {string.Join(' ', tensor.Values.ToArray())}";

    private static void AssertRefused(Action read, params string[] words)
    {
        InvalidDataException e = Assert.Throws<InvalidDataException>(read);
        Assert.All(words, word => Assert.Contains(word, e.Message, StringComparison.Ordinal));
        Assert.DoesNotContain('\n', e.Message);
    }
}
