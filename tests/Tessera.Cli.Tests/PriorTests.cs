using Tessera.Priors;

namespace Tessera.Cli.Tests;

public sealed class PriorTests(TrainedPrior trained) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void It_prints_data_model_evaluation_and_what_comes_next()
    {
        Assert.Matches(
            @"(?m)^data:   .*images: 8 images to train on and mirrored, 4 to test on, 4x4 codes of 16, 2 classes$",
            trained.Output);
        Assert.Matches(@"(?m)^model:  \d+ parameters, 1 blocks? of width 16, 2 heads$", trained.Output);
        Assert.Matches(@"(?m)^nats a code +\d\.\d{4}$", trained.Output);
        Assert.EndsWith(
            $"next:\n  tessera sample {trained.Run} --class cube --out samples.png\n"
            + $"the report shows the prior: tessera report {trained.Run}\n",
            trained.Output,
            StringComparison.Ordinal);
        PriorRun run = PriorRun.Open(trained.Prior);
        Assert.Equal(["cube", "sphere"], run.Options.Model.Classes);
        Assert.Equal(PriorFile.HashOf(trained.Model), run.Options.TokenizerHash);
        Assert.Equal([10, 20], run.Evaluations("nats").Select(evaluation => (int)evaluation.Update));
    }

    [Fact]
    public void A_killed_run_resumes_to_the_same_bytes()
    {
        string run = trained.CopyRun(_folder), prior = Path.Combine(run, "prior");
        Directory.Delete(Path.Combine(prior, "checkpoints", "20"), recursive: true);
        string output = Program.Succeed("prior", run, "--resume");
        Assert.Contains("resuming after update 10", output, StringComparison.Ordinal);
        foreach (string file in (string[])["model.safetensors", "series.csv", "eval.csv", "cells.csv"])
            Assert.Equal(
                File.ReadAllBytes(Path.Combine(trained.Prior, file)), File.ReadAllBytes(Path.Combine(prior, file)));
        Assert.Contains(
            "the run is finished after 20 updates", Program.Succeed("prior", run, "--resume"),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Another_folder_and_no_classes_can_be_chosen()
    {
        string output = Program.Succeed(
            TrainedPrior.Training(trained.Run, "--out", _folder["other"], "--classes", "off", "--flips", "off"));
        Assert.Contains("8 images to train on, 4 to test on", output, StringComparison.Ordinal);
        Assert.Contains("no classes", output, StringComparison.Ordinal);
        Assert.EndsWith(
            $"tessera sample {trained.Run} --prior {_folder["other"]} --out samples.png\n"
            + $"the report shows the prior: tessera report {trained.Run} --prior {_folder["other"]}\n",
            output,
            StringComparison.Ordinal);
        Assert.Equal(
            "the prior was trained without classes; leave the class out (--class)",
            Program.Refuse(
                "sample", trained.Run, "--prior", _folder["other"], "--class", "cube", "--out", _folder["a.png"]));
    }

    /// <summary>The empty line follows the description of the run; then the training starts.</summary>
    [Fact]
    public void An_interrupted_run_says_how_it_continues_and_does()
    {
        Outcome outcome = Program.RunUntil("", TrainedPrior.Training(trained.Run, "--out", _folder["new"]));
        Assert.Equal(TesseraProgram.Interrupted, outcome.Code);
        Assert.Contains(
            $"continue with: tessera prior {trained.Run} --resume --out {_folder["new"]}\n", outcome.Output,
            StringComparison.Ordinal);
        Program.Succeed("prior", trained.Run, "--resume", "--out", _folder["new"]);
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(trained.Prior, "model.safetensors")),
            File.ReadAllBytes(_folder["new", "model.safetensors"]));
    }

    [Fact]
    public void An_existing_prior_is_not_overwritten_and_can_be_resumed()
    {
        Assert.Equal(
            $"{trained.Prior} exists already; choose another folder, or resume the run in it "
            + $"(tessera prior RUN --resume --out {trained.Prior})",
            Program.Refuse(TrainedPrior.Training(trained.Run)));
        Assert.Equal(
            $"there is no run folder {_folder["none"]}; check the path, or start a new run "
            + $"(tessera prior RUN --out {_folder["none"]})",
            Program.Refuse("prior", trained.Run, "--resume", "--out", _folder["none"]));
    }

    [Theory]
    [InlineData("--width", "32", "--width 32: the run in ", " has 16; leave the option out")]
    [InlineData("--dropout", "0.1", "--dropout 0.1: the run in ", " has 0; leave the option out")]
    [InlineData("--classes", "off", "--classes off: the run in ", " has on; leave the option out")]
    [InlineData("--updates", "40", "--updates 40: the learning rate of the run in ", "they cannot change")]
    public void A_resumed_run_keeps_its_options(string option, string value, string start, string part)
    {
        string line = Program.Refuse("prior", trained.Run, "--resume", option, value);
        Assert.StartsWith(start, line, StringComparison.Ordinal);
        Assert.Contains(part, line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--heads", "3", "--heads must divide the width 16, unlike 3")]
    [InlineData("--width", "4", "--width must be 8 to 8192, not 4")]
    [InlineData("--layers", "0", "--layers must be 1 to 64, not 0")]
    [InlineData("--dropout", "1", "--dropout must be at least 0 and below 1, not 1")]
    [InlineData("--class-dropout", "2", "--class-dropout must be above 0 and below 1, not 2")]
    [InlineData("--classes", "maybe", "--classes maybe: choose one of on, off")]
    [InlineData("--batch", "0", "--batch must be 1 to 65536, not 0")]
    public void A_wrong_option_is_refused_by_name(string option, string value, string line)
    {
        string[] args = [.. TrainedPrior.Training(trained.Run, "--out", _folder["new"])];
        int place = Array.IndexOf(args, option);
        if (place >= 0) args[place + 1] = value;
        else args = [.. args, option, value];
        Assert.Equal(line, Program.Refuse(args));
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public void A_run_that_does_not_exist_and_a_model_without_a_run_are_refused()
    {
        Assert.Equal(
            $"there is no run, checkpoint or model file {_folder["none"]}; check the path",
            Program.Refuse("prior", _folder["none"]));
        File.Copy(trained.Model, _folder["model.safetensors"]);
        Assert.Equal(
            $"{_folder["model.safetensors"]} is no folder; name one for the prior with --out",
            Program.Refuse("prior", _folder["model.safetensors"]));
        Assert.Contains(
            "does not record its training images; name images with --data",
            Program.Refuse("prior", _folder["model.safetensors"], "--out", _folder["new"]), StringComparison.Ordinal);
        Assert.Equal(["model.safetensors"], _folder.Names);
    }

    [Fact]
    public void A_model_without_a_run_takes_the_images_that_are_named()
    {
        File.Copy(trained.Model, _folder["model.safetensors"]);
        string output = Program.Succeed(TrainedPrior.Training(
            _folder["model.safetensors"], "--data", trained.Images, "--size", "16", "--out", _folder["new"]));
        Assert.Contains("8 images to train on", output, StringComparison.Ordinal);
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(trained.Prior, "model.safetensors")),
            File.ReadAllBytes(_folder["new", "model.safetensors"]));
    }

    [Fact]
    public void A_prior_is_not_resumed_beside_another_tokenizer()
    {
        string run = trained.CopyRunTrainedOn(_folder);
        Assert.Contains(
            "was trained beside another tokenizer than", Program.Refuse("prior", run, "--resume"),
            StringComparison.Ordinal);
        Assert.EndsWith(
            $"train one for it (tessera prior {run})", Program.Refuse("sample", run, "--out", _folder["a.png"]),
            StringComparison.Ordinal);
    }
}
