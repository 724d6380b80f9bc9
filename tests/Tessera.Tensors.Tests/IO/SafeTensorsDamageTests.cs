using System.Buffers.Binary;
using System.Text;
using Tessera.Tensors.IO;
using Tessera.Tensors.Random;

namespace Tessera.Tensors.Tests.IO;

/// <summary>
/// Damaged and hostile files give a message of one line that names the file, and never another exception.
/// </summary>
public sealed class SafeTensorsDamageTests
{
    private const string Good = """{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""";

    [Fact]
    public void The_undamaged_file_is_read()
    {
        Assert.Equal(2, Read(Bytes(Good, 8))["x"].Values.Length);
        // Like the reference implementation, the reader accepts a null for the metadata, and unknown fields.
        Assert.Empty(Read(Bytes("""{"__metadata__":null}""", 0)).Metadata);
        string later = Good.Replace("\"dtype\"", "\"later\":[{}],\"dtype\"", StringComparison.Ordinal);
        Assert.Equal(2, Read(Bytes(later, 8))["x"].Values.Length);
    }

    [Theory]
    // The JSON.
    [InlineData("", 0, "does not begin with '{'")]
    [InlineData(" {}", 0, "does not begin with '{'")]
    [InlineData("[]", 0, "does not begin with '{'")]
    [InlineData("{", 0, "not valid JSON")]
    [InlineData("{}}", 0, "not valid JSON")]
    [InlineData("{\"x\":1,}", 0, "not valid JSON")]
    [InlineData("{\"\\ud800\":1}", 0, "not valid JSON")]
    [InlineData("{\"x\":{\"dtype\":\"\\ud800\"}}", 0, "not valid JSON")]
    [InlineData("{\"x\":[[[[[[[[[[[[]]]]]]]]]]]]}", 0, "not valid JSON")]
    [InlineData("{\"x\":[]}", 0, "'x' is not described by an object")]
    [InlineData("{\"x\":null}", 0, "'x' is not described by an object")]
    // The metadata.
    [InlineData("{\"__metadata__\":1}", 0, "__metadata__ is not an object")]
    [InlineData("{\"__metadata__\":{\"a\":1}}", 0, "'a' in its __metadata__ is not a string")]
    [InlineData("{\"__metadata__\":{\"a\":\"\",\"a\":\"\"}}", 0, "__metadata__ names 'a' twice")]
    [InlineData("{\"__metadata__\":{},\"__metadata__\":{}}", 0, "names '__metadata__' twice")]
    public void An_invalid_header_is_refused(string json, int dataBytes, string expected) =>
        AssertRefused(Bytes(json, dataBytes), expected);

    [Theory]
    [InlineData("\"dtype\":\"F32\",\"shape\":[2]", 8, "'x' has no field data_offsets")]
    [InlineData("\"dtype\":\"F32\",\"data_offsets\":[0,8]", 8, "'x' has no field shape")]
    [InlineData("\"shape\":[2],\"data_offsets\":[0,8]", 8, "'x' has no field dtype")]
    [InlineData("\"dtype\":\"F32\",\"dtype\":\"I32\",\"shape\":[2],\"data_offsets\":[0,8]", 8, "two fields dtype")]
    // The type.
    [InlineData("\"dtype\":\"I16\",\"shape\":[4],\"data_offsets\":[0,8]", 8, "'x' is of type 'I16'")]
    [InlineData("\"dtype\":\"f32\",\"shape\":[2],\"data_offsets\":[0,8]", 8, "'x' is of type 'f32'")]
    [InlineData("\"dtype\":\"0\",\"shape\":[2],\"data_offsets\":[0,8]", 8, "'x' is of type '0'")]
    [InlineData("\"dtype\":32,\"shape\":[2],\"data_offsets\":[0,8]", 8, "'x' is of type '32'")]
    // The shape.
    [InlineData("\"dtype\":\"F32\",\"shape\":2,\"data_offsets\":[0,8]", 8, "the shape of 'x' is not an array")]
    [InlineData("\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]", 8, "the shape of 'x' holds '-2'")]
    [InlineData("\"dtype\":\"F32\",\"shape\":[2.0],\"data_offsets\":[0,8]", 8, "the shape of 'x' holds '2.0'")]
    [InlineData("\"dtype\":\"F32\",\"shape\":[\"2\"],\"data_offsets\":[0,8]", 8, "the shape of 'x' holds '\"2\"'")]
    [InlineData("\"dtype\":\"F32\",\"shape\":[1e99],\"data_offsets\":[0,8]", 8, "the shape of 'x' holds '1e99'")]
    [InlineData("\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]", 8, "8 bytes, where 3 of F32 take 12")]
    [InlineData("\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,8]", 8, "8 bytes, where 0 of F32 take 0")]
    [InlineData("\"dtype\":\"F32\",\"shape\":[4294967298],\"data_offsets\":[0,8]", 8, "a dimension of 'x'")]
    [InlineData("\"dtype\":\"F32\",\"shape\":[2147483647,2],\"data_offsets\":[0,8]", 8, "a dimension of 'x'")]
    // The product is 2^64: 0 in 64 bits.
    [InlineData("\"dtype\":\"F32\",\"shape\":[65536,65536,65536,65536],\"data_offsets\":[0,0]", 0, "more than")]
    [InlineData("\"dtype\":\"F32\",\"shape\":[2147483591,2147483591],\"data_offsets\":[0,8]", 8, "more than")]
    // The offsets.
    [InlineData("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8]", 8, "are not a begin and an end")]
    [InlineData("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4,8]", 8, "are not a begin and an end")]
    [InlineData("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]", 8, "are not a begin and an end")]
    [InlineData("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[-8,0]", 8, "data_offsets of 'x' holds '-8'")]
    [InlineData("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,9223372036854775808]", 8, "of 'x' holds")]
    [InlineData("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,9223372036854775807]", 8, "where 2 of F32 take 8")]
    [InlineData("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]", 12, "4 bytes before 'x' belong to no")]
    [InlineData("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]", 7, "truncated: 1 bytes are missing")]
    [InlineData("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]", 0, "truncated: 8 bytes are missing")]
    [InlineData("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]", 9, "1 bytes at its end belong to no tensor")]
    // Memory for missing gigabytes must not be allocated.
    [InlineData("\"dtype\":\"F32\",\"shape\":[2147483591],\"data_offsets\":[0,8589934364]", 8, "truncated")]
    public void A_tensor_that_does_not_fit_is_refused(string info, int dataBytes, string expected) =>
        AssertRefused(Bytes("{\"x\":{" + info + "}}", dataBytes), expected);

    [Theory]
    [InlineData("x", 0, 8, "y", 4, 12, 12, "'y' overlaps the tensor before it")]
    [InlineData("x", 0, 8, "y", 0, 8, 8, "'y' overlaps the tensor before it")]
    [InlineData("x", 4, 12, "y", 0, 8, 12, "'x' overlaps the tensor before it")]
    [InlineData("x", 0, 8, "y", 12, 20, 20, "4 bytes before 'y' belong to no tensor")]
    [InlineData("x", 0, 8, "x", 8, 16, 16, "names 'x' twice")]
    [InlineData("x", 0, 8, "\\u0078", 8, 16, 16, "names 'x' twice")]
    public void Tensors_that_collide_are_refused(
        string name1, int begin1, int end1, string name2, int begin2, int end2, int dataBytes, string expected)
    {
        string first = $$"""{"dtype":"F32","shape":[2],"data_offsets":[{{begin1}},{{end1}}]}""";
        string second = $$"""{"dtype":"F32","shape":[2],"data_offsets":[{{begin2}},{{end2}}]}""";
        AssertRefused(Bytes($"{{\"{name1}\":{first},\"{name2}\":{second}}}", dataBytes), expected);
    }

    [Theory]
    [InlineData(100_000_001UL, "the limit is 100000000")]
    [InlineData(ulong.MaxValue, "the limit is 100000000")]
    [InlineData(1UL << 63, "the limit is 100000000")]
    [InlineData(100_000_000UL, "but the file has")]
    [InlineData(1000UL, "but the file has")]
    [InlineData(0UL, "does not begin with '{'")]
    public void An_absurd_header_length_is_refused(ulong length, string expected)
    {
        byte[] bytes = Bytes(Good, 8);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
        AssertRefused(bytes, expected);
    }

    [Fact]
    public void Bytes_that_are_no_text_are_refused()
    {
        byte[] bytes = Bytes(Good, 8);
        bytes[8 + 2] = 0xFF;
        AssertRefused(bytes, "not valid JSON");
    }

    [Fact]
    public void A_file_cut_anywhere_is_refused()
    {
        byte[] bytes = File.ReadAllBytes(Repository.Fixture("safetensors", "every_type.safetensors"));
        for (int length = 0; length < bytes.Length; length++) AssertRefused(bytes[..length], "broken.safetensors: it");
    }

    [Fact]
    public void A_message_is_one_line_whatever_the_names_hold()
    {
        string name = "a\\nb\\r\\u2028" + new string('c', 5000);
        string json = "{\"" + name + "\":{\"dtype\":\"F\\n32\",\"shape\":[2],\"data_offsets\":[0,8]}}";

        string message = AssertRefused(Bytes(json, 8), "is of type 'F\\u000a32'");

        Assert.True(message.Length < 400, $"The message has {message.Length} characters.");
    }

    [Fact]
    public void Any_change_of_one_header_byte_is_read_or_refused()
    {
        byte[] good = File.ReadAllBytes(Repository.Fixture("safetensors", "every_type.safetensors"));
        int headerEnd = 8 + (int)BinaryPrimitives.ReadUInt64LittleEndian(good);
        byte[] values = [0, .. "\n \"09{\\"u8, 0x80, 0xFF];
        int refused = 0;
        for (int position = 0; position < headerEnd; position++)
        {
            foreach (byte value in values)
            {
                byte[] bytes = [.. good];
                bytes[position] = value;
                refused += IsRefused(bytes) ? 1 : 0;
            }
        }
        Assert.InRange(refused, headerEnd, headerEnd * values.Length);
    }

    [Fact]
    public void Changes_of_several_header_bytes_are_read_or_refused()
    {
        byte[] good = File.ReadAllBytes(Repository.Fixture("safetensors", "every_type.safetensors"));
        int headerEnd = 8 + (int)BinaryPrimitives.ReadUInt64LittleEndian(good);
        var random = new CounterRandom(seed: 1, stream: 0);
        ulong draw = 0;
        for (int trial = 0; trial < 5000; trial++)
        {
            byte[] bytes = [.. good];
            int changes = 1 + random.Below(draw++, 4);
            for (int change = 0; change < changes; change++)
                bytes[random.Below(draw++, headerEnd)] = (byte)random.Bits(draw++);
            _ = IsRefused(bytes);
        }
    }

    [Fact]
    public void A_tensor_of_long_integers_is_skipped_and_the_others_are_read()
    {
        byte[] bytes = Bytes(
            """
            {
                "long":{"dtype":"I64","shape":[2],"data_offsets":[0,16]},
                "x":{"dtype":"F32","shape":[1],"data_offsets":[16,20]}
            }
            """,
            dataBytes: 20);
        bytes[bytes.Length - 20 + 5] = 1;
        BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(bytes.Length - 4), 2.5f);

        TensorFile file = Read(bytes);

        Assert.Equal([2.5f], file["x"].Values.ToArray());
        Assert.Equal(["long"], file.NotRead.Keys);
    }

    /// <summary>A header and zeros for data, without any checks.</summary>
    private static byte[] Bytes(string json, int dataBytes)
    {
        byte[] header = Encoding.UTF8.GetBytes(json);
        byte[] bytes = new byte[8 + header.Length + dataBytes];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, header.Length);
        header.CopyTo(bytes, 8);
        return bytes;
    }

    private static TensorFile Read(byte[] bytes) =>
        SafeTensors.Read(new MemoryStream(bytes), "broken.safetensors");

    private static string AssertRefused(byte[] bytes, string expected)
    {
        string message = Assert.Throws<InvalidDataException>(() => Read(bytes)).Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
        AssertOneLine(message);
        return message;
    }

    /// <summary>Whether the bytes are refused; any other exception fails the test.</summary>
    private static bool IsRefused(byte[] bytes)
    {
        try
        {
            Read(bytes);
            return false;
        }
        catch (InvalidDataException e)
        {
            AssertOneLine(e.Message);
            return true;
        }
    }

    private static void AssertOneLine(string message)
    {
        Assert.StartsWith("broken.safetensors: ", message, StringComparison.Ordinal);
        Assert.DoesNotContain(message, char.IsControl);
    }
}
