using Tessera.Benchmarks.Soak.Readers;

namespace Tessera.Cli.Tests;

/// <summary>A few of the files of benchmarks/soak/files.sh, which reads a million of them.</summary>
public sealed class ReaderSoakTests
{
    private const int FilesOfEach = 40, Seed = 23;

    [Fact]
    public void Every_reader_reads_damaged_files_or_refuses_them_with_its_own_exception()
    {
        using var folder = new TemporaryFolder();
        var soak = new ReaderSoak(folder.Path, Seed);
        Tally[] tallies =
        [
            .. ReaderSoak.Subjects(Repository.Fixture(), folder.Path)
                .Select(subject => soak.Run(subject, 0, FilesOfEach)),
        ];
        Assert.Equal(tallies.Length, tallies.Select(tally => tally.Name).Distinct().Count());
        Assert.All(tallies, tally => Assert.True(
            tally.Faults.Count == 0,
            $"{tally.Name}: {string.Join("; ", tally.Faults.Select(fault => $"file {fault.Number}: {fault.Text}"))}"));
        // Damage has an effect, and not every file is beyond reading.
        int read = tallies.Sum(tally => tally.Read), tried = tallies.Sum(tally => tally.Tried);
        Assert.InRange(read, tried / 10, tried / 2);
    }

    [Fact]
    public void A_damaged_file_can_be_made_again_from_its_number()
    {
        var subject = new Subject("any", 1, [new Sample("a", [1, 2, 3, 4]), new Sample("b", [5, 6])], _ => { });
        byte[][] files = [.. Enumerable.Range(0, 50).Select(number => subject.Case(1, number).File)];
        Assert.Equal(files, Enumerable.Range(0, 50).Select(number => subject.Case(1, number).File));
        Assert.NotEqual(files, Enumerable.Range(0, 50).Select(number => subject.Case(2, number).File));
    }
}
