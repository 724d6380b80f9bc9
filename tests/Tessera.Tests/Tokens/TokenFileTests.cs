using Tessera.Tensors.IO;
using Tessera.Tokens;

namespace Tessera.Tests.Tokens;

public sealed class TokenFileTests : IDisposable
{
    private static readonly int[] Codes = [.. Enumerable.Range(0, 24)];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Too_large_images_are_refused_before_they_are_read()
    {
        const int Rows = 4200;
        TokenFile.Write(_folder["tokens.npz"], 1, Rows, Rows, 512, [new int[Rows * Rows]]);
        InputException e = Assert.Throws<InputException>(() => TokenReader.Open(_folder["tokens.npz"], 512));
        Assert.Contains($"{Rows} x {Rows} codes are too large", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void There_is_a_label_for_each_image_or_none(int labels)
    {
        Assert.Throws<ArgumentException>(() => TokenFile.Write(
            _folder["tokens.npz"], 2, 3, 4, 512, [Codes], [.. Enumerable.Range(0, labels)]));
        Assert.Empty(_folder.Names);
    }

    [Theory]
    [InlineData("tokens.npy", 512, false, "uint16")]
    [InlineData("tokens.npy", 65536, false, "uint16")]
    [InlineData("tokens.npy", 65537, false, "int32")]
    [InlineData("tokens.npz", 512, false, "uint16")]
    [InlineData("tokens.NPZ", 65537, true, "int32")]
    public void Numpy_reads_what_is_written(string name, int codebook, bool labels, string type)
    {
        int[] classes = [7, 2];
        Assert.Equal(type, TokenFile.Write(
            _folder[name], 2, 3, 4, codebook, [Codes[..12], Codes[12..]], labels ? classes : null));
        using (TokenReader tokens = TokenReader.Open(_folder[name], codebook)) Assert.Equal(Codes, tokens.Read(2));

        string output = Python.Run("numpy", "-c", """
            import numpy, sys
            file = numpy.load(sys.argv[1])
            codes = file if sys.argv[1].endswith('npy') else file['codes']
            print(codes.dtype, codes.shape, (codes == numpy.arange(24).reshape(2, 3, 4)).all())
            if not sys.argv[1].endswith('npy'):
                print(*[(name, file[name].dtype.kind, file[name].tolist()) for name in file.files if name == 'labels'])
            """, _folder[name]);
        string[] lines = output.TrimEnd().Split('\n');
        Assert.Equal($"{type} (2, 3, 4) True", lines[0]);
        if (labels) Assert.Equal("('labels', 'i', [7, 2])", lines[1]);
    }

    [Fact]
    public void Labels_are_read_back_by_their_name()
    {
        TokenFile.Write(_folder["tokens.npz"], 2, 3, 4, 30, [Codes], [70_000, 0]);
        using NpyReader labels = NpyReader.Open(_folder["tokens.npz"], TokenFile.LabelsName);
        int[] read = new int[2];
        labels.Read(read);
        Assert.Equal([70_000, 0], read);
    }

    [Fact]
    public void A_file_is_written_whole_or_not_at_all()
    {
        File.WriteAllText(_folder["tokens.npy"], "what was there");
        Assert.Throws<InvalidOperationException>(
            () => TokenFile.Write(_folder["tokens.npy"], 2, 3, 4, 30, [Codes[..12]]));
        Assert.Throws<ArgumentException>(() => TokenFile.Write(_folder["tokens.npy"], 2, 3, 4, 20, [Codes]));
        Assert.Throws<ArgumentException>(() => TokenFile.Write(_folder["tokens.npy"], 2, 3, 4, 30, [Codes], [1, 2]));
        Assert.Equal(["tokens.npy"], _folder.Names);
        Assert.Equal("what was there", File.ReadAllText(_folder["tokens.npy"]));
        InputException e = Assert.Throws<InputException>(
            () => TokenFile.Write(_folder["no", "tokens.npy"], 2, 3, 4, 30, [Codes]));
        Assert.Contains("folder does not exist", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("big_endian.npy", 2)]
    [InlineData("fortran.npy", 2)]
    [InlineData("fortran_big_endian.npz", 2)] // Its array is called tokens.
    [InlineData("one_picture.npy", 1)]
    public void Files_of_numpy_in_any_order_are_read(string name, int images)
    {
        using TokenReader tokens = TokenReader.Open(Repository.Fixture("npy", name), 512);
        Assert.Equal((images, 3, 4), (tokens.Count, tokens.Rows, tokens.Columns));
        Assert.Equal(Codes[..12], tokens.Read(1));
        if (images > 1) Assert.Equal(Codes[12..], tokens.Read(1));
        Assert.Equal(0, tokens.Left);
    }

    [Fact]
    public void An_array_with_a_column_per_code_is_refused_as_flattened()
    {
        string path = Repository.Fixture("npy", "one_picture.npy");
        InputException e = Assert.Throws<InputException>(() => TokenReader.Open(path, 512, perImage: 4));
        Assert.Contains("[3, 4] looks like flattened codes", e.Message, StringComparison.Ordinal);
        using TokenReader tokens = TokenReader.Open(path, 512, perImage: 12);
        Assert.Equal(1, tokens.Count);
    }

    [Theory]
    [InlineData("npy/uint16.npy", 23, "image 1 has the code 23 at row 2, column 3; the model's are 0 to 22")]
    [InlineData("npy/uint16.npy", 6, "image 0 has the code 6 at row 1, column 2; the model's are 0 to 5")]
    [InlineData("npy/too_large_int64.npy", 512, "its number 2 is 2147483648")]
    [InlineData(
        "npy/vector.npy", 512, "shape [5]; codes are [images, rows, columns], or [rows, columns] for one image")]
    [InlineData("npy/scalar.npy", 512, "shape []; codes are")]
    [InlineData("npy/extremes_int64.npy", 512, "has the code -2147483648 at row 0, column 0")]
    [InlineData(
        "npy/flattened.npy", 512,
        "shape [1, 24] looks like flattened codes; reshape them to [images, rows, columns]")]
    [InlineData("npy/empty.npy", 512, "holds no codes")]
    [InlineData("npy/float32.npy", 512, "'<f4'")]
    [InlineData("npy/fortran.npy", 23, "image 1 has the code 23 at row 2, column 3; the model's are 0 to 22")]
    [InlineData("npy/big_endian_float32.npy", 512, "'>f4'")]
    [InlineData("npy/make_fixtures.py", 512, "does not begin like a .npy file")]
    [InlineData("npy/missing.npy", 512, "no such file")]
    [InlineData("npy", 512, "folder")]
    [InlineData("pytorch/small.pt", 512, "no array 'codes'")]
    public void An_unsuitable_file_is_refused_with_a_reason(string fixture, int codebook, string reason)
    {
        string path = Repository.Fixture(fixture.Split('/'));
        InputException e = Assert.Throws<InputException>(() =>
        {
            using TokenReader tokens = TokenReader.Open(path, codebook);
            while (tokens.Left > 0) tokens.Read(1);
        });
        Assert.Contains(path, e.Message, StringComparison.Ordinal);
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Theory]
    [InlineData("npy/uint16.npy")]
    [InlineData("npy/compressed.npz")]
    public void Damaged_files_are_read_or_refused_in_one_line(string fixture) => Damage.IsSurvived<InputException>(
        File.ReadAllBytes(Repository.Fixture(fixture.Split('/'))), "tokens.npy", file =>
        {
            File.WriteAllBytes(_folder["tokens.npy"], file);
            using TokenReader tokens = TokenReader.Open(_folder["tokens.npy"], 512);
            while (tokens.Left > 0) tokens.Read(1);
        });
}
