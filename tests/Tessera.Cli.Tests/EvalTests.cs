using System.Text.Json;
using Tessera.Cli.Rendering;
using Tessera.Data;
using Tessera.Models;
using Tessera.Training;

namespace Tessera.Cli.Tests;

public sealed class EvalTests(Trained trained)
{
    private static readonly string[] Keys =
        ["split", "images", "recon_error", "mse", "psnr", "ssim", "perplexity", "codes_used", "codes"];

    [Theory]
    [InlineData(null, "test", Trained.TestCount)]
    [InlineData("test", "test", Trained.TestCount)]
    [InlineData("train", "train", Trained.TrainCount)]
    [InlineData("all", "all", Trained.TrainCount + Trained.TestCount)]
    public void Json_is_one_object_with_the_numbers_of_the_library(string? option, string split, int count)
    {
        string[] args = option is null ? [] : ["--split", option];
        using JsonDocument json = JsonDocument.Parse(Program.Succeed(["eval", trained.Run, "--json", .. args]));
        Assert.Equal(Keys, json.RootElement.EnumerateObject().Select(property => property.Name));

        CancellationToken stop = TestContext.Current.CancellationToken;
        TrainedModel model = TrainedModel.Open(trained.Run);
        Split part = Enum.Parse<Split>(split, ignoreCase: true);
        ImageSet images = ImageFolder.Load(trained.Images, part, 16, cancellation: stop);
        Evaluation expected = Evaluator.Evaluate(model.Model, images, part, model.DataVariance, cancellation: stop);
        Assert.Equal(count, expected.Images);
        Assert.Equal(split, json.RootElement.GetProperty("split").GetString());
        double?[] numbers =
        [
            expected.Images, expected.ReconError, expected.Mse, expected.Psnr, expected.Ssim, expected.Perplexity,
            expected.CodesUsed, expected.Codes,
        ];
        Assert.Equal(numbers, Keys.Skip(1).Select(key => (double?)json.RootElement.GetProperty(key).GetDouble()));
        Assert.Equal(expected.Mse / model.DataVariance, expected.ReconError);
    }

    [Fact]
    public void Numbers_that_are_unknown_or_not_finite_are_null()
    {
        var evaluation = new Evaluation(Split.Test, 1, null, 0, double.PositiveInfinity, 1, 1, 1, 16);
        using JsonDocument json = JsonDocument.Parse(EvaluationText.Json(evaluation));
        string[] nulls = [.. Keys.Where(key => json.RootElement.GetProperty(key).ValueKind == JsonValueKind.Null)];
        Assert.Equal(["recon_error", "psnr"], nulls);
    }

    [Fact]
    public void Combinations_that_are_too_many_to_count_leave_the_numbers_of_each_level()
    {
        var evaluation = new Evaluation(Split.Test, 1, 1, 1, 1, 1, Perplexity: 3.5, CodesUsed: 9, Codes: 16)
        {
            Levels = [new CodeUse(4, 5) { Name = "group 1" }, new CodeUse(3, 4) { Name = "group 2" }],
        };
        using JsonDocument json = JsonDocument.Parse(EvaluationText.Json(evaluation));
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("joint_perplexity").ValueKind);
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("joint_codes_used").ValueKind);
        Assert.Equal(
            [("group 1", 4, 5), ("group 2", 3, 4)],
            json.RootElement.GetProperty("levels").EnumerateArray().Select(level => (
                level.GetProperty("name").GetString()!, level.GetProperty("perplexity").GetInt32(),
                level.GetProperty("codes_used").GetInt32())));
        Assert.Equal(
            [
                ["group 1", "perplexity 4.0, codes used 5"], ["group 2", "perplexity 3.0, codes used 4"],
                ["combinations", "perplexity unknown, used more than 4,194,304"],
            ],
            EvaluationText.Rows(evaluation).TakeLast(3));
        evaluation = evaluation with { Joint = new CodeUse(6, 7) };
        Assert.Equal(["combinations", "perplexity 6.0, used 7"], EvaluationText.Rows(evaluation)[^1]);
    }

    [Fact]
    public void The_table_has_every_number()
    {
        string[] rows = Program.Succeed("eval", trained.Run).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(
            ["images", "recon_error", "mse", "psnr", "ssim", "perplexity", "codes used"],
            rows.Select(row => row.Split("  ")[0]));
        Assert.Matches(@"^codes used +\d+ of 16$", rows[^1]);
    }

    [Fact]
    public void A_checkpoint_and_a_model_file_give_the_numbers_of_the_run()
    {
        string expected = Program.Succeed("eval", trained.Run, "--json");
        Assert.Equal(expected, Program.Succeed("eval", Path.Combine(trained.Run, "checkpoints", "30"), "--json"));
        Assert.Equal(
            expected,
            Program.Succeed(
                "eval", trained.Model, "--json", "--data", trained.Images, "--size", "16", "--threads", "2"));
        Assert.NotEqual(expected, Program.Succeed("eval", Path.Combine(trained.Run, "checkpoints", "10"), "--json"));
    }

    [Fact]
    public void A_model_file_needs_data()
    {
        Assert.Contains("--data", Program.Refuse("eval", trained.Model), StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_file_without_a_variance_has_no_recon_error()
    {
        using var folder = new TemporaryFolder();
        ModelFile.Write(folder["bare.safetensors"], TrainedModel.Open(trained.Run).Model, dataVariance: null);
        string[] args = ["eval", folder["bare.safetensors"], "--data", trained.Images, "--size", "16"];
        using JsonDocument json = JsonDocument.Parse(Program.Succeed([.. args, "--json"]));
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("recon_error").ValueKind);
        Assert.Contains("recon_error  unknown", Program.Succeed(args), StringComparison.Ordinal);
    }

    [Fact]
    public void Images_are_converted_to_the_channels_of_the_model()
    {
        using var folder = new TemporaryFolder();
        Program.Succeed(Program.TinyTraining(trained.Images, folder["grey"], "--channels", "1", "--updates", "1"));
        Program.Succeed("eval", folder["grey"]);
        Program.Succeed("reconstruct", folder["grey"], "--out", folder["grey.png"]);
    }
}
