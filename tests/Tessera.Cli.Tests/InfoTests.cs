namespace Tessera.Cli.Tests;

public sealed class InfoTests(Trained trained, TrainedPrior prior)
{
    [Fact]
    public void A_run_shows_its_options_its_evaluation_and_its_tensors()
    {
        string output = Program.Succeed("info", trained.Run);
        Assert.Matches(@"(?m)^updates +30$", output);
        Assert.Matches(@"(?m)^codebook +16 codes of 4 dimensions, running averages \(decay 0.97\)$", output);
        Assert.Matches(@"(?m)^residual hidden +4$", output);
        Assert.Matches(@"(?m)^data +.*images, 16x16$", output);
        Assert.Matches(@"(?m)^training +30 updates, batch 4, Muon at lr 0.002, weight decay 0.5, seed 0$", output);
        Assert.Matches(@"(?m)^evaluation +update 30, split test, recon_error [\d.]+, .*codes_used \d+$", output);
        Assert.Matches(@"(?m)^  _encoder\._conv_1\.weight +\[4, 3, 4, 4\] +192$", output);
        Assert.Matches(@"(?m)^_vq_vae +144$", output);
    }

    [Theory]
    [InlineData("checkpoints/20", "20", true)]
    [InlineData("model.safetensors", "unknown", false)]
    public void A_checkpoint_shows_the_options_of_its_run_and_a_model_file_does_not(
        string path, string updates, bool hasOptions)
    {
        string output = Program.Succeed("info", Path.Combine(trained.Run, path));
        Assert.Matches($@"(?m)^updates +{updates}$", output);
        Assert.Equal(hasOptions, output.Contains("batch 4", StringComparison.Ordinal));
        Assert.Contains("_vq_vae._embedding.weight", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("checkpoints/10", false)]
    [InlineData("model.safetensors", false)]
    public void A_prior_shows_its_sizes_and_its_run_the_options_and_the_evaluation(string path, bool hasOptions)
    {
        string output = Program.Succeed("info", Path.Combine(prior.Prior, path));
        Assert.Matches(@"(?m)^prior +over 4x4 codes of 16$", output);
        Assert.Matches(@"(?m)^classes +cube, sphere$", output);
        Assert.Matches(@"(?m)^layers +1 of width 16, 2 heads, dropout 0$", output);
        Assert.Matches(@"(?m)^tokenizer +the file of SHA-256 [0-9a-f]{64}$", output);
        Assert.Matches(@"(?m)^  blocks\.0\.qkv\.weight +\[48, 16\] +768$", output);
        Assert.Equal(hasOptions, output.Contains("20 updates, batch 4", StringComparison.Ordinal));
        Assert.Equal(hasOptions, output.Contains("update 20, ", StringComparison.Ordinal));
    }

    [Fact]
    public void A_tokenizer_with_a_prior_names_it() =>
        Assert.Contains(prior.Prior, Program.Succeed("info", prior.Run), StringComparison.Ordinal);
}
