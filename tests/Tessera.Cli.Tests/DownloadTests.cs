using System.Diagnostics;

namespace Tessera.Cli.Tests;

/// <summary>CIFAR-10 without a network. The download itself is tested with the library.</summary>
public sealed class DownloadTests
{
    [Fact]
    public void Without_a_network_one_line_says_where_to_put_cifar_10_and_no_run_starts()
    {
        using var folder = new TemporaryFolder();
        using Process process = Program.Start(
            folder.Path, start =>
            {
                // A proxy address without a server, and a cache without CIFAR-10.
                start.Environment["HTTPS_PROXY"] = start.Environment["https_proxy"] = "http://127.0.0.1:9";
                start.Environment["TESSERA_DATA"] = folder["data"];
            },
            "train", "--data", "cifar10", "--data-dir", folder["data"], "--out", folder["run"], "--updates", "1");
        Outcome outcome = Program.End(process);
        if (outcome.Code == 0) Assert.Skip("This user's cache holds CIFAR-10.");
        Assert.Equal(TesseraProgram.WrongInput, outcome.Code);
        Assert.Matches(@"\Atessera: CIFAR-10 could not be downloaded .*\r?\n\z", outcome.Error);
        Assert.Contains(folder["data"], outcome.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["run"]), "a run folder was made");
    }
}
