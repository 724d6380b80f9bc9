using System.Globalization;
using Tessera.Files;

namespace Tessera.Tests.Files;

public sealed class CsvLogTests : IDisposable
{
    private const string Header = "update,split,error\n";
    private readonly TemporaryFolder _folder = new();

    private string LogPath => _folder["log.csv"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_new_log_has_its_header()
    {
        _ = Open();
        Assert.Equal(Header, File.ReadAllText(LogPath));
    }

    [Fact]
    public void Rows_are_visible_as_soon_as_they_are_written()
    {
        CsvLog log = Open();
        log.Append(100, "train", 0.5);
        Assert.Equal(Header + "100,train,0.5\n", File.ReadAllText(LogPath));
        log.Append(200L, "test", 0.25f);
        Assert.Equal(Header + "100,train,0.5\n200,test,0.25\n", File.ReadAllText(LogPath));
    }

    [Fact]
    public void Several_rows_are_written_at_once_and_no_rows_write_nothing()
    {
        CsvLog log = Open();
        log.AppendRows([]);
        Assert.Equal(Header, File.ReadAllText(LogPath));
        log.AppendRows([[100, "train", 0.5], [200, "test", null]]);
        Assert.Equal(Header + "100,train,0.5\n200,test,\n", File.ReadAllText(LogPath));
        Assert.Throws<ArgumentException>(() => log.AppendRows([[300, "train", 1], [400, "train"]]));
        Assert.Equal(Header + "100,train,0.5\n200,test,\n", File.ReadAllText(LogPath));
    }

    [Fact]
    public void Numbers_round_trip_exactly()
    {
        double[] numbers =
            [0.1, 1.0 / 3, -0.0, 1e-300, double.MaxValue, double.Epsilon, double.NaN, double.PositiveInfinity];
        CsvLog log = Open();
        foreach (double number in numbers) log.Append(1, "", number);
        log.Append(1, null, 0.1f);

        string[] fields = [.. File.ReadLines(LogPath).Skip(1).Select(line => line.Split(',')[2])];

        Assert.Equal(numbers, fields[..^1].Select(field => double.Parse(field, CultureInfo.InvariantCulture)));
        Assert.Equal("0.1", fields[^1]);
        Assert.Equal(["0.1", "0.3333333333333333", "-0"], fields[..3]);
    }

    [Fact]
    public void An_old_log_is_continued()
    {
        Open().Append(100, "train", 1);
        Open().Append(200, "train", 2);
        Assert.Equal(Header + "100,train,1\n200,train,2\n", File.ReadAllText(LogPath));
    }

    [Theory]
    [InlineData(-1, "")]
    [InlineData(0, "")]
    [InlineData(99, "")]
    [InlineData(100, "100,train,1\n")]
    [InlineData(250, "100,train,1\n200,train,2\n200,test,3\n")]
    [InlineData(300, "100,train,1\n200,train,2\n200,test,3\n300,train,\n")]
    [InlineData(long.MaxValue, "100,train,1\n200,train,2\n200,test,3\n300,train,\n")]
    public void Rows_after_an_update_are_removed(long update, string kept)
    {
        CsvLog log = Open();
        log.Append(100, "train", 1);
        log.Append(200, "train", 2);
        log.Append(200, "test", 3);
        log.Append(300, "train", null);

        log.TruncateAfter(update);

        Assert.Equal(Header + kept, File.ReadAllText(LogPath));
        log.Append(400, "train", 4);
        Assert.Equal(Header + kept + "400,train,4\n", File.ReadAllText(LogPath));
        Assert.Equal(["log.csv"], _folder.Names);
    }

    [Fact]
    public void A_log_truncated_by_a_crash_continues_with_whole_lines()
    {
        string whole = Header + "100,train,1\n200,train,2\n";
        for (int length = 0; length <= whole.Length; length++)
        {
            File.WriteAllText(LogPath, whole[..length]);
            string expected = length < Header.Length ? Header : whole[..(whole[..length].LastIndexOf('\n') + 1)];

            CsvLog log = Open();
            Assert.Equal(expected, File.ReadAllText(LogPath));
            log.TruncateAfter(100);
            log.Append(200, "train", 2);

            string first = expected.Contains("100", StringComparison.Ordinal) ? "100,train,1\n" : "";
            Assert.Equal(Header + first + "200,train,2\n", File.ReadAllText(LogPath));
        }
    }

    [Theory]
    [InlineData("update,split\n")]
    [InlineData("update,split,error,more\n")]
    [InlineData("update,split,psnr\n")]
    [InlineData("100,train,1\n")]
    [InlineData("\n")]
    [InlineData("\0\0\0\0")]
    public void A_file_with_other_columns_is_refused_and_unchanged(string text)
    {
        File.WriteAllText(LogPath, text);

        string message = Assert.Throws<InputException>(Open).Message;

        Assert.Equal(
            $"{LogPath}: its first line is not 'update,split,error';"
            + " move the file away", message);
        Assert.Equal(text, File.ReadAllText(LogPath));
    }

    [Theory]
    [InlineData("200,train")]
    [InlineData("200,train,1,2")]
    [InlineData("abc,train,1")]
    [InlineData(",train,1")]
    [InlineData("1e3,train,1")]
    [InlineData("99999999999999999999,train,1")]
    [InlineData("")]
    [InlineData("\0\0\0\0\0")]
    public void An_invalid_row_is_refused_by_its_line_number_and_the_file_is_unchanged(string line)
    {
        string text = $"{Header}100,train,1\n{line}\n300,train,1\n";
        File.WriteAllText(LogPath, text);
        CsvLog log = Open();

        string message = Assert.Throws<InputException>(() => log.TruncateAfter(0)).Message;

        Assert.StartsWith($"{LogPath}: line 3 is not a row of 3 fields", message, StringComparison.Ordinal);
        Assert.Equal(text, File.ReadAllText(LogPath));
    }

    [Fact]
    public void A_log_that_was_moved_away_starts_again()
    {
        CsvLog log = Open();
        log.Append(100, "train", 1);
        File.Delete(LogPath);

        log.Append(200, "train", 2);

        Assert.Equal(Header + "200,train,2\n", File.ReadAllText(LogPath));
    }

    [Fact]
    public void A_full_disk_is_an_error_and_leaves_no_half_row()
    {
        using var disk = SmallDisk.Mount(_folder, 64);
        string path = disk["log.csv"];
        var log = new CsvLog(path, "update", "split", "error");
        string message = Assert.Throws<InputException>(() =>
        {
            for (int update = 1; update < 100_000; update++) log.Append(update, "a rather long name", 1.5);
        }).Message;

        Assert.Equal($"cannot write {path}: the disk is full; make room or choose another place", message);
        string text = File.ReadAllText(path);
        Assert.EndsWith(",a rather long name,1.5\n", text, StringComparison.Ordinal);
        Assert.All(text.TrimEnd().Split('\n'), line => Assert.Equal(3, line.Split(',').Length));
    }

    [Fact]
    public void An_unwritable_place_is_an_error()
    {
        File.WriteAllText(_folder["file"], "");
        string message = Assert.Throws<InputException>(() => new CsvLog(_folder["file", "log.csv"], "update")).Message;
        Assert.Contains("is a file, not a folder", message, StringComparison.Ordinal);

        message = Assert.Throws<InputException>(() => new CsvLog(_folder.Path, "update")).Message;
        Assert.Contains("there is a folder of that name", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_that_would_break_the_file_are_refused()
    {
        CsvLog log = Open();
        Assert.Throws<ArgumentException>(() => log.Append(1, "train"));
        Assert.Throws<ArgumentException>(() => log.Append(1, "train", 1, 2));
        foreach (string text in new[] { "a,b", "a\"b", "a\nb", "a\rb" })
            Assert.Throws<ArgumentException>(() => log.Append(1, text, 1));
        Assert.ThrowsAny<ArgumentException>(() => new CsvLog(_folder["other.csv"]));
        Assert.Throws<ArgumentException>(() => new CsvLog(_folder["other.csv"], "a,b"));
        Assert.Equal(Header, File.ReadAllText(LogPath));
        Assert.Equal(["log.csv"], _folder.Names);
    }

    private CsvLog Open() => new(LogPath, "update", "split", "error");
}
