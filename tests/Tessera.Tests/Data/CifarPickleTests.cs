using System.Text;
using Tessera.Data;
using static Tessera.Tests.Data.CifarFiles;

namespace Tessera.Tests.Data;

public class CifarPickleTests
{
    private const string Name = "data_batch_1";

    [Theory]
    [InlineData("python2.pickle")]
    [InlineData("python3.pickle")]
    [InlineData("protocol3.pickle")]
    [InlineData("columns.pickle")]
    public void Every_pickled_form_equals_the_binary_layout(string fixture)
    {
        CifarBatch expected = CifarBatch.FromRecords(TwoRecords, Name);
        CifarBatch batch = CifarPickle.Read(Fixture(fixture), Name);
        Assert.Equal(expected.Labels, batch.Labels);
        for (int i = 0; i < expected.Labels.Length; i++) Assert.Equal(expected.Image(i), batch.Image(i));
    }

    [Theory]
    [InlineData("python2.pickle")]
    [InlineData("python3.pickle")]
    [InlineData("protocol3.pickle")]
    public void A_truncated_file_is_refused_wherever_it_ends(string fixture)
    {
        byte[] whole = Fixture(fixture);
        for (int length = 0; length < whole.Length; length++)
            Refused(Name, () => CifarPickle.Read(whole.AsMemory(0, length), Name));
    }

    [Fact]
    public void Damaged_bytes_are_read_or_refused()
    {
        byte[] whole = Fixture("python2.pickle");
        int structure = whole.AsSpan().IndexOf("T\0\x18\0\0"u8);
        Assert.True(structure > 0, "The fixture no longer holds its pixels in a BINSTRING of 6144 bytes.");
        for (int position = 0; position < structure + 5; position++)
        {
            for (int bit = 0; bit < 8; bit++)
            {
                byte[] damaged = [.. whole];
                damaged[position] ^= (byte)(1 << bit);
                Exception? e = Record.Exception(() => CifarPickle.Read(damaged, Name));
                Assert.True(e is null or InputException, $"Bit {bit} of byte {position}: {e}");
            }
        }
    }

    [Fact]
    public void A_pickle_that_calls_a_function_is_refused()
    {
        InputException e = Refused(Name, () => CifarPickle.Read(Fixture("evil.pickle"), Name));
        Assert.Contains("system, which is refused", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cos\nsystem\n(U\x04true\x85R.", "os.system")]
    [InlineData("cnumpy\nload\n.", "numpy.load")]
    [InlineData("c__builtin__\neval\n.", "__builtin__.eval")]
    [InlineData("cnumpy.core.multiarray\nndarray\n.", "numpy.core.multiarray.ndarray")]
    [InlineData("c\x1b[31m\nred\n.", "unreadable")]
    [InlineData("cnumpy\nndarray\n)R.", "no array of bytes")]
    [InlineData("cnumpy\ndtype\nU\x02O8K\0K\x01\x87R.", "no array of bytes")]
    [InlineData("c_codecs\nencode\nX\x01\0\0\0aU\x05utf-7\x86R.", "no array of bytes")]
    [InlineData("(ios\nsystem\n.", "0x69")] // INST
    [InlineData("(cos\n", "unreadable")]
    [InlineData("\u0080\u0004.", "protocol 4")]
    [InlineData("\u0095.", "0x95")] // FRAME
    [InlineData("U\x03" + "abcb.", "no value")]
    [InlineData("K\x01K\x02" + "b.", "no array")]
    [InlineData("K\x01K\x02" + "a.", "not a list")]
    [InlineData("K\x01K\x02K\x03s.", "not a dict")]
    [InlineData("}K\x01K\x02s.", "it has no 'data'")]
    [InlineData("}(U\x01" + "au.", "not a dict")]
    [InlineData("h\x07.", "did not store")]
    [InlineData("q\x01.", "no value")]
    [InlineData("K\x01(\x85.", "no value")]
    [InlineData("t.", "no value")]
    [InlineData("T\xff\xff\xff\xff.", "ends early")]
    [InlineData("X\xff\xff\xff\x7f.", "ends early")]
    [InlineData("}.", "'data'")]
    [InlineData("].", "no dict")]
    [InlineData("N.", "no dict")]
    public void Foreign_pickles_are_refused(string latin1, string reason)
    {
        byte[] pickle = Encoding.Latin1.GetBytes(latin1);
        InputException e = Refused(Name, () => CifarPickle.Read(pickle, Name));
        if (reason == "no value") reason = "an empty stack";
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\x80\x02", "\x80\x05", "protocol 5")]
    [InlineData("U\x06labels", "U\x06lebals", "'labels'")]
    [InlineData("U\x04" + "data", "U\x04" + "dita", "'data'")]
    [InlineData("K\x06K\x09" + "e", "K\x06K\x0a" + "e", "label 10")]
    [InlineData("K\x06K\x09" + "e", "J\xff\xff\xff\xffK\x09" + "e", "label -1")]
    [InlineData("K\x06K\x09" + "e", "K\x06Ne", "no integer")]
    [InlineData("K\x06K\x09" + "e", "K\x06" + "e", "2 images and 1 labels")]
    [InlineData("K\x02M\0\x0c", "K\x01M\0\x0c", "1 images and 2 labels")]
    [InlineData("K\x02M\0\x0c", "J\0\0\0\x80M\0\x0c", "-2147483648 images")]
    [InlineData("K\x02M\0\x0c", "K\x02M\0\x0d", "3072")]
    [InlineData("U\x02u1", "U\x02u2", "no array of bytes")]
    public void A_changed_batch_is_refused(string from, string to, string reason)
    {
        string pickle = Encoding.Latin1.GetString(Fixture("python2.pickle"));
        Assert.Contains(from, pickle, StringComparison.Ordinal);
        byte[] changed = Encoding.Latin1.GetBytes(pickle.Replace(from, to, StringComparison.Ordinal));
        InputException e = Refused(Name, () => CifarPickle.Read(changed, Name));
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Pixels_that_do_not_fill_the_shape_are_refused()
    {
        string pickle = Encoding.Latin1.GetString(Fixture("python2.pickle"));
        string three = pickle.Replace("K\x02M\0\x0c", "K\x03M\0\x0c", StringComparison.Ordinal)
            .Replace("K\x06K\x09" + "e", "K\x06K\x09K\x01" + "e", StringComparison.Ordinal);
        InputException e = Refused(Name, () => CifarPickle.Read(Encoding.Latin1.GetBytes(three), Name));
        Assert.Contains("3 images do not fit 6144 bytes", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pickle_without_end_is_refused()
    {
        byte[] endless = new byte[5_000_000];
        Array.Fill(endless, (byte)'N');
        InputException e = Refused(Name, () => CifarPickle.Read(endless, Name));
        Assert.Contains("too long", e.Message, StringComparison.Ordinal);
    }
}
