namespace Tessera.Cli.Tests;

/// <summary><c>tessera export</c>. The contents of the files are tested in Tessera.Onnx.Tests.</summary>
public sealed class ExportTests(Trained trained)
{
    [Fact]
    public void Three_models_are_written_and_listed()
    {
        using var folder = new TemporaryFolder();
        for (int time = 0; time < 2; time++)
        {
            string output = Program.Succeed("export", trained.Run, "--onnx", folder["onnx"]);
            Assert.Equal(["autoencoder.onnx", "decoder.onnx", "encoder.onnx"], TemporaryFolder.NamesIn(folder["onnx"]));
            Assert.Matches(
                @"(?m)^\S*encoder\.onnx +pictures float \[batch, 3, height, width\] in 0\.\.1 -> codes int64", output);
        }
    }

    [Fact]
    public void An_export_that_is_impossible_is_refused_and_nothing_is_written()
    {
        using var folder = new TemporaryFolder();
        folder.Write("own/thesis.txt", [1]);
        foreach ((string[] args, string reason) in new (string[], string)[]
        {
            ([trained.Run], "--onnx"),
            ([trained.Run, "--onnx", ""], "--onnx"),
            ([trained.Run, "--onnx", folder["own"]], "holds something other than an export"),
            ([trained.Run, "--onnx", folder["own", "thesis.txt"]], "thesis.txt"),
            ([folder["none"], "--onnx", folder["onnx"]], "none"),
            ([folder["own"], "--onnx", folder["onnx"]], "neither a run folder"),
        })
        {
            Assert.Contains(reason, Program.Refuse(["export", .. args]), StringComparison.Ordinal);
            Assert.Equal(["own"], TemporaryFolder.NamesIn(folder.Path));
        }
    }
}
