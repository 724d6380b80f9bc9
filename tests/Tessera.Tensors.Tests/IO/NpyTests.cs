using Tessera.Tensors.IO;

namespace Tessera.Tensors.Tests.IO;

/// <summary>Files written by numpy (tests/fixtures/npy), and files written for numpy.</summary>
public sealed class NpyTests
{
    private static readonly int[] Codes = [.. Enumerable.Range(0, 24)];

    [Theory]
    [InlineData("uint8.npy")]
    [InlineData("int8.npy")]
    [InlineData("uint16.npy")]
    [InlineData("int16.npy")]
    [InlineData("uint32.npy")]
    [InlineData("int32.npy")]
    [InlineData("uint64.npy")]
    [InlineData("int64.npy")]
    [InlineData("version2.npy")]
    [InlineData("big_endian.npy")]
    [InlineData("fortran.npy")]
    [InlineData("stored.npz")]
    [InlineData("compressed.npz")]
    public void Every_type_of_integers_is_read(string name)
    {
        using NpyReader reader = NpyReader.Open(Repository.Fixture("npy", name), "codes");
        Assert.Equal([2, 3, 4], reader.Shape);
        Assert.Equal(Codes, ReadAll(reader, step: 5));
    }

    [Fact]
    public void The_only_array_of_an_npz_file_is_taken_if_asked_for()
    {
        using NpyReader reader = NpyReader.Open(
            Repository.Fixture("npy", "fortran_big_endian.npz"), "labels", orOnly: true);
        Assert.Equal(Codes, ReadAll(reader, step: 7));
        AssertRefused(
            () => NpyReader.Open(Repository.Fixture("npy", "compressed.npz"), "other", orOnly: true),
            "no array 'other', only: codes.npy, labels.npy");
    }

    [Fact]
    public void A_large_array_in_Fortran_order_is_refused_before_it_takes_memory()
    {
        string header = System.Text.Encoding.Latin1.GetString(
            File.ReadAllBytes(Repository.Fixture("npy", "fortran.npy")))[..128]
            .Replace("(2, 3, 4), }", "(9999, 9999), }", StringComparison.Ordinal)[..127] + "\n";
        using var stream = new HollowStream(System.Text.Encoding.Latin1.GetBytes(header), 128 + 2L * 9999 * 9999);
        AssertRefused(() => NpyReader.Open(stream, "some/file"), "some/file", "in Fortran order", "ascontiguousarray");
    }

    [Fact]
    public void Every_array_of_an_npz_file_is_found_by_its_name()
    {
        using NpyReader labels = NpyReader.Open(Repository.Fixture("npy", "compressed.npz"), "labels");
        Assert.Equal([2], labels.Shape);
        Assert.Equal([3, 9], ReadAll(labels, step: 2));
    }

    [Theory]
    [InlineData("vector.npy", "5", "0 1 2 3 4")]
    [InlineData("scalar.npy", "", "7")]
    [InlineData("empty.npy", "0 3 4", "")]
    [InlineData("extremes_int64.npy", "1 2", "-2147483648 2147483647")]
    public void Arrays_of_any_rank_are_read(string name, string shape, string values)
    {
        using NpyReader reader = NpyReader.Open(Repository.Fixture("npy", name));
        Assert.Equal(shape, string.Join(' ', reader.Shape));
        Assert.Equal(values, string.Join(' ', ReadAll(reader, step: 3)));
    }

    [Theory]
    [InlineData("float32.npy", "'<f4'")]
    [InlineData("big_endian_float32.npy", "'>f4'")]
    [InlineData("structured.npy", "records of fields")]
    [InlineData("stored.npz", "no array 'arr_0', only: codes.npy, labels.npy")]
    public void Arrays_that_cannot_be_read_are_refused_with_the_reason(string name, string reason) => AssertRefused(
        () => NpyReader.Open(Repository.Fixture("npy", name)), Repository.Fixture("npy", name), reason);

    [Fact]
    public void A_number_beyond_32_bits_is_named_with_its_place()
    {
        using NpyReader reader = NpyReader.Open(Repository.Fixture("npy", "too_large_int64.npy"));
        AssertRefused(() => reader.Read(new int[4]), "its number 2 is 2147483648, which takes more than 32 bits");
    }

    [Theory]
    [InlineData(0, "it is empty")]
    [InlineData(5, "does not begin like a .npy file")]
    [InlineData(50, "ends within its header")]
    [InlineData(175, "shape [2, 3, 4] does not fit the 47 bytes")]
    [InlineData(-1, "shape [2, 3, 4] does not fit the 49 bytes")]
    public void A_file_that_is_cut_or_too_long_is_refused(int length, string reason)
    {
        byte[] file = File.ReadAllBytes(Repository.Fixture("npy", "uint16.npy"));
        byte[] changed = length < 0 ? [.. file, 0] : file[..length];
        AssertRefused(() => NpyReader.Open(new MemoryStream(changed), "some/file"), "some/file", reason);
    }

    [Theory]
    [InlineData("'shape': (2, 3, 4)", "'shape': (9, 9, 9)", "[9, 9, 9]")]
    [InlineData("'shape': (2, 3, 4)", "'shape': (2, -3,4)", "'-3'")]
    [InlineData("'shape': (2, 3, 4)", "'shape': [2, 3, 4]", "header is damaged")]
    [InlineData("'fortran_order'", "'f0rtran_order'", "header is damaged")]
    [InlineData("'descr': '<u2'", "'descr': '<u9'", "'<u9'")]
    public void A_damaged_header_is_refused(string from, string to, string reason)
    {
        string file = System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(Repository.Fixture("npy", "uint16.npy")));
        Assert.Contains(from, file, StringComparison.Ordinal);
        byte[] changed = System.Text.Encoding.Latin1.GetBytes(file.Replace(from, to, StringComparison.Ordinal));
        AssertRefused(() => NpyReader.Open(new MemoryStream(changed), "some/file"), "some/file", reason);
    }

    [Theory]
    [InlineData(65535, "uint16.npy")]
    [InlineData(65536, "int32.npy")]
    public void Written_files_have_the_bytes_of_numpys(int largest, string fixture)
    {
        using var stream = new MemoryStream();
        var writer = new NpyWriter(stream, largest, 2, 3, 4);
        writer.Write(Codes.AsSpan(0, 7));
        writer.Write(Codes.AsSpan(7));
        writer.Complete();
        Assert.Equal(File.ReadAllBytes(Repository.Fixture("npy", fixture)), stream.ToArray());
        Assert.Equal(Path.GetFileNameWithoutExtension(fixture), writer.TypeName);
    }

    [Fact]
    public void The_writer_refuses_what_does_not_fit()
    {
        using var stream = new MemoryStream();
        var writer = new NpyWriter(stream, largest: 9, 3);
        Assert.Throws<ArgumentException>(() => writer.Write([10]));
        Assert.Throws<ArgumentException>(() => writer.Write([-1]));
        writer.Write([0, 9]);
        Assert.Throws<InvalidOperationException>(writer.Complete);
        Assert.Throws<ArgumentException>(() => writer.Write([1, 2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new NpyWriter(stream, largest: 9, -1));
    }

    [Fact]
    public void No_more_is_read_than_there_is()
    {
        using NpyReader reader = NpyReader.Open(Repository.Fixture("npy", "vector.npy"));
        Assert.Throws<ArgumentException>(() => reader.Read(new int[6]));
        Assert.Throws<FileNotFoundException>(() => NpyReader.Open(Repository.Fixture("npy", "missing.npy")));
    }

    /// <summary>A file that is longer than what it holds.</summary>
    private sealed class HollowStream(byte[] start, long length) : MemoryStream(start)
    {
        public override long Length => length;
    }

    private static int[] ReadAll(NpyReader reader, int step)
    {
        int[] values = new int[reader.Length];
        for (int start = 0; start < values.Length; start += step)
            reader.Read(values.AsSpan(start, Math.Min(step, values.Length - start)));
        return values;
    }

    private static void AssertRefused(Action read, params string[] words)
    {
        InvalidDataException e = Assert.Throws<InvalidDataException>(read);
        Assert.All(words, word => Assert.Contains(word, e.Message, StringComparison.Ordinal));
        Assert.DoesNotContain('\n', e.Message);
    }
}
