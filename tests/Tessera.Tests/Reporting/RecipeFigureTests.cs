using Tessera.Reporting.Figures;
using Tessera.Training;

namespace Tessera.Tests.Reporting;

public sealed class RecipeFigureTests : IDisposable
{
    private const string Header =
        "update,recon_error,perplexity,vq_loss,learning_rate,revived,images_per_second,seconds\n";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_figure_shows_the_log_of_a_run()
    {
        File.WriteAllText(_folder["metrics.csv"], """
            update,recon_error,perplexity,vq_loss,learning_rate,revived,images_per_second,seconds
            100,0.5,3,1,0.002,40,900,3
            200,0.4,4,1,0.001,7,900,6
            230,0.3,5,1,1E-05,0,900,7
            330,0.3,5,1,1E-05,9,900,8
            """);
        TrainingMetrics metrics = TrainingMetrics.Read(_folder["metrics.csv"], lastUpdate: 230);
        Assert.Equal([100L, 200, 230], metrics.Updates);
        Assert.Equal([0.002, 0.001, 1e-5], metrics.LearningRate);
        Figure figure = RecipeFigure.Make(metrics, "")!;
        Assert.Contains("47 in all, the last by update 200", figure.Caption, StringComparison.Ordinal);
        Assert.Equal(["recipe-rate.svg", "recipe-revived.svg"], figure.Files.Select(file => file.FileName));
        string svg = System.Text.Encoding.UTF8.GetString(figure.Files.Last().Bytes());
        Assert.Contains("40 at the most, 47 in all", svg, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("update,recon_error,perplexity,vq_loss,images_per_second,seconds\n100,1,1,1,1,1\n")]
    [InlineData(Header + "100,1,1,1,0.1,0,1,1\n200,1,1,1,0.1,0,1,1\n")]
    public void A_run_with_a_constant_rate_and_no_revived_codes_has_no_figure(string log)
    {
        File.WriteAllText(_folder["metrics.csv"], log);
        Assert.Null(RecipeFigure.Make(TrainingMetrics.Read(_folder["metrics.csv"]), ""));
    }

    [Theory]
    [InlineData("100,1,1,1,0.1,0,1,1\n100,1,1,1,0.1,0,1,1", 3)]
    [InlineData("100,1,1,1,x,0,1,1", 2)]
    [InlineData("100,1,1,1", 2)]
    [InlineData("100,1,1,1,0.1,-4,1,1", 2)]
    public void A_damaged_log_is_refused_with_its_line(string rows, int line)
    {
        File.WriteAllText(_folder["metrics.csv"], $"{Header}{rows}\n");
        string message = Assert.Throws<InputException>(() => TrainingMetrics.Read(_folder["metrics.csv"])).Message;
        Assert.Contains($"metrics.csv is damaged: line {line} ", message, StringComparison.Ordinal);
        Assert.Equal(message, RecipeFigure.Make(new TrainingMetrics([], [], []), message)!.Caption);
    }
}
