using Tessera.Tensors.IO;

namespace Tessera.Tensors.Tests.IO;

/// <summary>Valid files, written here or by other programs.</summary>
public sealed class SafeTensorsTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(16383)]
    [InlineData(16384)]
    [InlineData(16385)]
    [InlineData(40001)]
    public void Written_tensors_of_any_length_are_read_back(int length)
    {
        float[] values = [.. Enumerable.Range(0, length).Select(i => MathF.BitIncrement(i * 0.37f - 5))];
        TensorEntry[] tensors = [new("b", [length], values), new("a", [1, length, 1], values)];

        TensorFile file = RoundTrip(tensors);

        Assert.Equal(["b", "a"], file.Tensors.Select(tensor => tensor.Name));
        Assert.Equal([length], file["b"].Shape);
        Assert.Equal([1, length, 1], file["a"].Shape);
        Assert.Equal(values, file["b"].Values.ToArray());
        Assert.Equal(values, file["a"].Values.ToArray());
        Assert.Empty(file.Metadata);
    }

    [Fact]
    public void Every_bit_pattern_survives()
    {
        uint[] bits = [0, 0x80000000, 1, 0x7F800000, 0xFF800000, 0x7FC00000, 0x7FC01234, 0xFFFFFFFF, 0x3DCCCCCD];
        float[] values = Array.ConvertAll(bits, BitConverter.UInt32BitsToSingle);

        float[] read = RoundTrip([new("x", [9], values)])["x"].Values.ToArray();

        Assert.Equal(bits, Array.ConvertAll(read, BitConverter.SingleToUInt32Bits));
    }

    [Fact]
    public void A_file_without_tensors_is_read_again()
    {
        TensorFile file = RoundTrip([], new Dictionary<string, string> { ["key"] = "value" });

        Assert.Empty(file.Tensors);
        Assert.Equal("value", Assert.Single(file.Metadata).Value);
    }

    [Fact]
    public void Metadata_and_names_may_be_any_text()
    {
        string[] texts = ["", " ", "a\"b\\c\n\t\0", "Größe 寸 😀", "{\"json\": [1, 2]}", "+<>&'\u2028"];
        var metadata = texts.ToDictionary(text => "key " + text, text => text);
        TensorEntry[] tensors = [.. texts.Select(text => new TensorEntry(text, [], new float[1]))];

        TensorFile file = RoundTrip(tensors, metadata);

        Assert.Equal(texts, file.Tensors.Select(tensor => tensor.Name));
        Assert.Equal(metadata.OrderBy(pair => pair.Key), file.Metadata.OrderBy(pair => pair.Key));
    }

    [Fact]
    public void The_bytes_written_are_those_of_the_independent_writer()
    {
        TensorEntry[] tensors =
        [
            new("_encoder._conv_1.weight", [2, 1, 1, 3], new float[] { 0, 0.5f, 1, 1.5f, 2, 2.5f }),
            new("scalar", [], new float[] { -1 }),
            new("empty", [4, 0], ReadOnlyMemory<float>.Empty),
        ];
        var metadata = new Dictionary<string, string> { ["format"] = "pt", ["a"] = "{\"k\":1}" };
        using var stream = new MemoryStream();

        SafeTensors.Write(stream, tensors, metadata);

        Assert.Equal(File.ReadAllBytes(Repository.Fixture("safetensors", "golden.safetensors")), stream.ToArray());
    }

    [Fact]
    public void The_data_starts_at_a_multiple_of_eight_bytes()
    {
        for (int length = 1; length <= 16; length++)
        {
            using var stream = new MemoryStream();
            SafeTensors.Write(stream, [new(new string('n', length), [1], new float[1])]);
            Assert.True((stream.Length - sizeof(float)) % 8 == 0, $"A name of {length} letters misaligns the data.");
        }
    }

    [Fact]
    public void Every_type_of_another_writer_is_read()
    {
        TensorFile file = SafeTensors.Read(Repository.Fixture("safetensors", "every_type.safetensors"));

        string[] names = [.. file.Tensors.Select(tensor => tensor.Name)];
        Assert.Equal(["f64", "empty", "f32", "Größe/寸 \"q\"", "bf16", "f16"], names);
        AssertTensor(file["f32"], [2, 3], [0f, -0f, 1.5f, float.MaxValue, float.Epsilon, float.NegativeInfinity]);
        AssertTensor(file["f64"], [3], [0.1f, float.NegativeInfinity, 0]);
        AssertTensor(file["f16"], [4, 1], [1, -65504, 5.9604645e-08f, float.PositiveInfinity]);
        AssertTensor(file["bf16"], [3], [1, -2.5f, 3.3895314e38f]);
        AssertTensor(file["Größe/寸 \"q\""], [], [7.25f]);
        AssertTensor(file["empty"], [0, 3], []);
        IntTensorEntry ints = file.Ints("i32");
        Assert.Equal([2, 2], ints.Shape);
        Assert.Equal([int.MinValue, -1, 0, int.MaxValue], ints.Values.ToArray());
        Assert.Equal(new Dictionary<string, string> { ["format"] = "pt", ["zweite"] = "Zeile\n2" }, file.Metadata);
    }

    [Fact]
    public void A_stream_is_read_from_where_it_stands_and_left_open()
    {
        using var stream = new MemoryStream();
        stream.Write("prefix"u8);
        SafeTensors.Write(stream, [new("x", [1], new float[] { 3 })]);
        stream.Position = "prefix".Length;

        TensorFile file = SafeTensors.Read(stream);

        Assert.Equal(3, file["x"].Values.Span[0]);
        Assert.Equal(stream.Length, stream.Position);
    }

    [Fact]
    public void A_tensor_that_is_not_there_is_named()
    {
        TensorFile file = SafeTensors.Read(Repository.Fixture("safetensors", "every_type.safetensors"));

        Assert.False(file.TryGet("nowhere", out _));
        foreach (Action read in new Action[] { () => _ = file["nowhere"], () => file.Ints("nowhere") })
        {
            string message = Assert.Throws<InvalidDataException>(read).Message;
            Assert.Contains("'nowhere'", message, StringComparison.Ordinal);
            Assert.Contains("every_type.safetensors", message, StringComparison.Ordinal);
        }
        // A float tensor is not an integer tensor, and vice versa.
        Assert.Throws<InvalidDataException>(() => file.Ints("f32"));
        Assert.Throws<InvalidDataException>(() => file["i32"]);
    }

    [Fact]
    public void Invalid_tensors_are_refused_before_a_byte_is_written()
    {
        var one = new TensorEntry("x", [1], new float[1]);
        TensorEntry[][] refused =
        [
            [one, one],
            [one with { Name = "__metadata__" }],
            [one with { Shape = [2] }],
            [one with { Shape = [0] }],
            [one with { Shape = [-1, -1] }],
            [one with { Shape = [1 << 16, 1 << 16, 1 << 16, 1 << 16] }],
        ];
        foreach (TensorEntry[] tensors in refused)
        {
            using var stream = new MemoryStream();
            Assert.Throws<ArgumentException>(() => SafeTensors.Write(stream, tensors));
            Assert.Equal(0, stream.Length);
        }
    }

    [Fact]
    public void A_path_is_written_over()
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            SafeTensors.Write(path, [new("x", [100], new float[100])]);
            SafeTensors.Write(path, [new("y", [1], new float[] { 5 })]);
            Assert.Equal(5, SafeTensors.Read(path)["y"].Values.Span[0]);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static TensorFile RoundTrip(TensorEntry[] tensors, Dictionary<string, string>? metadata = null)
    {
        using var stream = new MemoryStream();
        SafeTensors.Write(stream, tensors, metadata);
        stream.Position = 0;
        return SafeTensors.Read(stream);
    }

    private static void AssertTensor(TensorEntry tensor, int[] shape, float[] values)
    {
        Assert.Equal(shape, tensor.Shape);
        Assert.Equal(values, tensor.Values.ToArray());
    }
}
