using System.Diagnostics;
using System.Globalization;
using Tessera.Files;

namespace Tessera.Tests.Files;

public sealed class AtomicFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_folder_is_written_and_nothing_else_is_left()
    {
        AtomicFolder.Write(_folder["1000"], temporary =>
        {
            File.WriteAllText(Path.Combine(temporary, "a"), "A");
            Directory.CreateDirectory(Path.Combine(temporary, "inner"));
            File.WriteAllText(Path.Combine(temporary, "inner", "b"), "B");
            Assert.False(Directory.Exists(_folder["1000"]), "The folder exists before it is complete.");
        });

        Assert.Equal("A", File.ReadAllText(_folder["1000", "a"]));
        Assert.Equal("B", File.ReadAllText(_folder["1000", "inner", "b"]));
        Assert.Equal(["1000"], _folder.Names);
    }

    [Fact]
    public void Missing_parents_are_created_and_a_trailing_separator_is_allowed()
    {
        string path = _folder["checkpoints", "1000"] + Path.DirectorySeparatorChar;

        AtomicFolder.Write(path, temporary => File.WriteAllText(Path.Combine(temporary, "a"), ""));

        Assert.True(File.Exists(_folder["checkpoints", "1000", "a"]));
    }

    [Fact]
    public void An_existing_folder_is_replaced_whole()
    {
        Directory.CreateDirectory(_folder["1000"]);
        File.WriteAllText(_folder["1000", "old"], "");

        AtomicFolder.Write(_folder["1000"], temporary => File.WriteAllText(Path.Combine(temporary, "new"), ""));

        Assert.Equal([_folder["1000", "new"]], Directory.GetFileSystemEntries(_folder["1000"]));
        Assert.Equal(["1000"], _folder.Names);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void If_writing_fails_nothing_changes(bool exists)
    {
        if (exists)
        {
            Directory.CreateDirectory(_folder["1000"]);
            File.WriteAllText(_folder["1000", "old"], "kept");
        }

        Assert.Throws<OperationCanceledException>(() => AtomicFolder.Write(_folder["1000"], temporary =>
        {
            File.WriteAllText(Path.Combine(temporary, "half"), "");
            throw new OperationCanceledException();
        }));

        Assert.Equal(exists ? ["1000"] : [], _folder.Names);
        if (exists) Assert.Equal("kept", File.ReadAllText(_folder["1000", "old"]));
    }

    [Fact]
    public void A_disk_that_fills_up_is_an_error_and_leaves_nothing()
    {
        using var disk = SmallDisk.Mount(_folder, 64);

        string message = Assert.Throws<InputException>(() => AtomicFolder.Write(disk["1000"], temporary =>
        {
            File.WriteAllBytes(Path.Combine(temporary, "a"), new byte[1000]);
            File.WriteAllBytes(Path.Combine(temporary, "b"), new byte[200_000]);
        })).Message;

        Assert.Equal($"cannot write {disk["1000"]}: the disk is full; make room or choose another place", message);
        Assert.Empty(Directory.GetFileSystemEntries(disk.Path));
    }

    [Fact]
    public void A_file_in_the_way_is_an_error()
    {
        File.WriteAllText(_folder["file"], "");

        AssertRefused(_folder["file"], "there is a file of that name");
        AssertRefused(_folder["file", "1000"], $"{_folder["file"]} is a file, not a folder");
        Assert.Equal(["file"], _folder.Names);
    }

    [Fact]
    public void CheckWritable_changes_nothing()
    {
        AtomicFolder.CheckWritable(_folder["new"]);
        AtomicFolder.CheckWritable(_folder["above", "new"]);
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public void CheckWritable_refuses_an_unwritable_place()
    {
        File.WriteAllText(_folder["file"], "");
        Assert.Contains("there is a file of that name", Refusal(_folder["file"]), StringComparison.Ordinal);
        Assert.Contains(
            $"{_folder["file"]} is a file, not a folder",
            Refusal(_folder["file", "above", "new"]), StringComparison.Ordinal);
    }

    [Fact]
    public void CheckWritable_refuses_a_read_only_disk()
    {
        using var disk = SmallDisk.Mount(_folder, 64);
        disk.MakeReadOnly();
        Assert.Equal(
            $"cannot write {disk["new"]}: the file system is read-only; choose another place", Refusal(disk["new"]));
    }

    private static string Refusal(string path) =>
        Assert.Throws<InputException>(() => AtomicFolder.CheckWritable(path)).Message;

    [Fact]
    public void Clean_up_removes_only_leftovers_of_ended_processes()
    {
        // No system assigns this process id. This process's own id counts as one of an earlier process: containers
        // reuse ids.
        string[] stale = [Name(int.MaxValue), Name(Environment.ProcessId)];
        string[] kept = ["1000", ".tessera-x", ".other.tmp-2147483647", Name(int.MaxValue) + "b", ".tessera-x.tmp-"];
        foreach (string name in stale.Concat(kept))
        {
            Directory.CreateDirectory(_folder[name, "inner"]);
            File.WriteAllText(_folder[name, "inner", "file"], "");
        }
        File.WriteAllText(_folder[".tessera-file.tmp-2147483647"], "");

        AtomicFolder.CleanUp(_folder.Path);

        Assert.Equal(kept.Order(StringComparer.Ordinal), _folder.Names);
    }

    [Fact]
    public void Clean_up_keeps_the_files_of_a_running_process()
    {
        // The process that started first outlives the test.
        int other = Process.GetProcesses().Select(process => process.Id).Where(id => id > 0).Min();
        if (other == Environment.ProcessId) Assert.Skip("No other process can be seen here.");
        File.WriteAllText(_folder[Name(other)], "");

        AtomicFolder.CleanUp(_folder.Path);

        Assert.Equal([Name(other)], _folder.Names);
    }

    [Fact]
    public void Clean_up_of_a_missing_folder_does_nothing() => AtomicFolder.CleanUp(_folder["nowhere"]);

    private static void AssertRefused(string path, string expected)
    {
        string message = Assert.Throws<InputException>(() => AtomicFolder.Write(path, _ => { })).Message;
        Assert.StartsWith($"cannot write {path}: ", message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    private static string Name(int process) =>
        ".tessera-abc.tmp-" + process.ToString(CultureInfo.InvariantCulture);
}
