using Tessera.Models;
using Tessera.Priors;

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
    public void The_prior_of_a_run_is_written_too()
    {
        using var folder = new TemporaryFolder();
        string run = trained.CopyRun(folder);
        string prior = WritePrior(folder, "copy/prior/model.safetensors", run);
        string output = Program.Succeed("export", run, "--onnx", folder["onnx"]);
        Assert.Equal(
            ["autoencoder.onnx", "decoder.onnx", "encoder.onnx", "prior.onnx"],
            TemporaryFolder.NamesIn(folder["onnx"]));
        Assert.Matches(
            @"(?m)^\S*prior\.onnx +codes int64 \[batch, 6\], class int64 \[batch\] -> logits float \[batch, 6, \d+\]",
            output);
        // A prior elsewhere is named.
        Program.Succeed("export", trained.Run, "--onnx", folder["other"], "--prior", prior);
        Assert.Equal(
            File.ReadAllBytes(folder["onnx", "prior.onnx"]), File.ReadAllBytes(folder["other", "prior.onnx"]));
    }

    [Fact]
    public void A_prior_that_is_missing_or_does_not_fit_is_refused()
    {
        using var folder = new TemporaryFolder();
        string run = trained.CopyRun(folder);
        // The weights are those of another update.
        WritePrior(folder, "copy/prior/model.safetensors", Path.Combine(run, "checkpoints", "10"));
        string prior = Path.Combine(run, "prior");
        Assert.Contains(
            "was trained beside another tokenizer",
            Program.Refuse("export", run, "--onnx", folder["onnx"], "--prior", prior), StringComparison.Ordinal);
        Assert.Contains(
            "there is no prior",
            Program.Refuse("export", run, "--onnx", folder["onnx"], "--prior", folder["none"]),
            StringComparison.Ordinal);
        Assert.Equal(["copy"], TemporaryFolder.NamesIn(folder.Path));
        // One that nobody named is left out: the model was trained further since.
        Outcome outcome = Program.Run("export", run, "--onnx", folder["onnx"]);
        Assert.Equal(0, outcome.Code);
        Assert.Contains("exported without it", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(
            ["autoencoder.onnx", "decoder.onnx", "encoder.onnx"], TemporaryFolder.NamesIn(folder["onnx"]));
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

    /// <summary>Writes a prior of 2 x 3 codes of a tokenizer's folder, and returns its path.</summary>
    private static string WritePrior(TemporaryFolder folder, string name, string tokenizer)
    {
        string model = Path.Combine(tokenizer, "model.safetensors");
        StoredModel stored = ModelFile.Read(model);
        using (stored.Model)
        using (var prior = new CodePrior(
            new CodePriorOptions { Codes = stored.Model.Options.Codes, Rows = 2, Columns = 3, Width = 8, Layers = 1 }))
        using (var file = new MemoryStream())
        {
            PriorFile.Write(file, prior, PriorFile.HashOf(model));
            return folder.Write(name, file.ToArray());
        }
    }
}
