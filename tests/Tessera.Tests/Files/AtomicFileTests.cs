using System.Text;
using Tessera.Files;

namespace Tessera.Tests.Files;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4096)]
    [InlineData(100_001)]
    public void A_file_is_written_and_nothing_else_is_left(int length)
    {
        byte[] bytes = [.. Enumerable.Range(0, length).Select(i => (byte)(i * 7))];

        AtomicFile.Write(_folder["file"], stream => stream.Write(bytes));

        Assert.Equal(bytes, File.ReadAllBytes(_folder["file"]));
        Assert.Equal(["file"], _folder.Names);
    }

    [Fact]
    public void An_existing_file_is_replaced()
    {
        File.WriteAllText(_folder["file"], "a longer text that was there");

        AtomicFile.Write(_folder["file"], stream => stream.Write("new"u8));

        Assert.Equal("new", File.ReadAllText(_folder["file"]));
        Assert.Equal(["file"], _folder.Names);
    }

    [Fact]
    public void The_old_file_is_there_until_the_new_one_is_whole()
    {
        File.WriteAllText(_folder["file"], "old");

        AtomicFile.Write(_folder["file"], stream =>
        {
            stream.Write("new"u8);
            stream.Flush();
            Assert.Equal("old", File.ReadAllText(_folder["file"]));
        });

        Assert.Equal("new", File.ReadAllText(_folder["file"]));
    }

    [Fact]
    public void If_writing_fails_the_old_file_stays_and_the_exception_is_thrown()
    {
        File.WriteAllText(_folder["file"], "old");

        Assert.Throws<OperationCanceledException>(() => AtomicFile.Write(_folder["file"], stream =>
        {
            stream.Write("half"u8);
            throw new OperationCanceledException();
        }));

        Assert.Equal("old", File.ReadAllText(_folder["file"]));
        Assert.Equal(["file"], _folder.Names);
    }

    [Fact]
    public void The_longest_possible_name_works()
    {
        string path = _folder[new string('n', 255)];
        if (path.Length > 259 && OperatingSystem.IsWindows()) Assert.Skip("Windows may be set to short paths.");

        AtomicFile.Write(path, stream => stream.Write("x"u8));

        Assert.Equal("x", File.ReadAllText(path));
    }

    [Fact]
    public void A_folder_of_that_name_is_an_error()
    {
        Directory.CreateDirectory(_folder["taken"]);
        AssertRefused(_folder["taken"], "there is a folder of that name");
    }

    [Fact]
    public void A_missing_folder_is_an_error() =>
        AssertRefused(_folder["missing", "file"], "its folder does not exist; create it");

    [Fact]
    public void A_file_where_a_folder_should_be_is_an_error()
    {
        File.WriteAllText(_folder["file"], "");
        AssertRefused(_folder["file", "below", "more"], $"{_folder["file"]} is a file, not a folder");
    }

    [Fact]
    public void A_path_that_is_too_long_is_an_error()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("Windows reports a long name differently.");
        AssertRefused(_folder[new string('n', 300)], "too long");
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\0b")]
    public void An_invalid_path_is_an_error(string path)
    {
        string message = Assert.Throws<InputException>(() => AtomicFile.Write(path, _ => { })).Message;
        Assert.Contains("give another", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_write_permission_is_an_error()
    {
        if (Environment.IsPrivilegedProcess) Assert.Skip("Permissions do not apply to the superuser.");
        string path = Directory.CreateDirectory(_folder["closed"]).FullName;
        if (OperatingSystem.IsWindows()) Assert.Skip("Windows has other permissions.");
        else File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        AssertRefused(Path.Combine(path, "file"), "permission is denied");
    }

    [Fact]
    public void A_full_disk_is_an_error_and_the_old_file_stays()
    {
        if (!File.Exists("/dev/full")) Assert.Skip("The machine has no /dev/full.");
        File.WriteAllText(_folder["file"], "old");

        string message = Assert.Throws<InputException>(() => AtomicFile.Write(_folder["file"], _ =>
        {
            using var full = new FileStream("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 0);
            full.Write("x"u8);
        })).Message;

        Assert.Equal($"cannot write {_folder["file"]}: the disk is full; make room or choose another place", message);
        Assert.Equal("old", File.ReadAllText(_folder["file"]));
        Assert.Equal(["file"], _folder.Names);
    }

    [Fact]
    public void A_disk_that_fills_up_is_an_error_and_leaves_nothing()
    {
        using var disk = SmallDisk.Mount(_folder, 64);
        AtomicFile.Write(disk["file"], stream => stream.Write("old"u8));

        // More than the disk and the stream's buffer can hold: writing fails, and bytes are left to write at closing.
        byte[] block = new byte[3000];
        string message = Assert.Throws<InputException>(() => AtomicFile.Write(disk["file"], stream =>
        {
            for (int i = 0; i < 100; i++) stream.Write(block);
        })).Message;

        Assert.Contains("the disk is full", message, StringComparison.Ordinal);
        Assert.Equal("old", File.ReadAllText(disk["file"]));
        Assert.Single(Directory.GetFileSystemEntries(disk.Path));
    }

    [Fact]
    public void A_message_of_the_runtime_becomes_one_line()
    {
        string message = Assert.Throws<InputException>(() =>
            AtomicFile.Write(_folder["file"], _ => throw new IOException("Strange.\nVery strange."))).Message;

        Assert.Equal(
            $"cannot write {_folder["file"]}: Strange. Very strange; check the disk or choose another place", message);
    }

    [Fact]
    public void An_InputException_passes_unchanged()
    {
        var line = new InputException("the line");
        Assert.Same(line, Assert.Throws<InputException>(() => AtomicFile.Write(_folder["file"], _ => throw line)));
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public void Many_threads_can_write_one_file_and_one_of_them_wins()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("Windows refuses to replace a file while it is being replaced.");
        Parallel.For(0, 50, i => AtomicFile.Write(
            _folder["file"], stream => stream.Write(Encoding.UTF8.GetBytes(new string((char)('a' + i % 26), 1000)))));

        string text = File.ReadAllText(_folder["file"]);
        Assert.Equal(new string(text[0], 1000), text);
        Assert.Equal(["file"], _folder.Names);
    }

    private void AssertRefused(string path, string expected)
    {
        string[] before = _folder.Names;
        string message = Assert.Throws<InputException>(() => AtomicFile.Write(path, s => s.Write("x"u8))).Message;
        Assert.StartsWith($"cannot write {path}: ", message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
        Assert.Equal(before, _folder.Names);
    }
}
