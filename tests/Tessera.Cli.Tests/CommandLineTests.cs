using Tessera.Cli.CommandLine;

namespace Tessera.Cli.Tests;

public sealed class CommandLineTests(Trained trained)
{
    [Theory]
    [InlineData("train --bacth 3", "there is no option --bacth; did you mean --batch?")]
    [InlineData("train --bacth=3", "there is no option --bacth; did you mean --batch?")]
    [InlineData("train --code_dim 3", "did you mean --code-dim?")]
    [InlineData("eval run --jsn", "did you mean --json?")]
    [InlineData("reconstruct run --cuont 3", "did you mean --count?")]
    [InlineData("info run --verbose", "there is no option --verbose (")]
    [InlineData("trian", "there is no command trian; did you mean train?")]
    [InlineData("data cifar100", "did you mean cifar10?")]
    [InlineData("data", "data needs a subcommand (cifar10, pack, info)")]
    [InlineData("train shapes", "unexpected argument shapes")]
    [InlineData("eval", "RUN is missing")]
    [InlineData("eval a b", "unexpected argument b")]
    [InlineData("train --batch", "--batch: its value is missing")]
    [InlineData("train --batch 3 --batch 4", "--batch is given more than once")]
    [InlineData("train --resume", "--out")]
    [InlineData("train --preset best", "--preset best: choose one of default, reference, reference-ema")]
    [InlineData("eval run --split valid", "--split valid: choose one of train, test, all")]
    public void A_wrong_command_line_is_refused_in_one_line(string line, string expected) =>
        Assert.Contains(expected, Program.Refuse(line.Split(' ')), StringComparison.Ordinal);

    [Theory]
    [InlineData("--batch", "-3")]
    [InlineData("--batch", "0")]
    [InlineData("--batch", "4.5")]
    [InlineData("--batch", "many")]
    [InlineData("--batch", "99999999999999999999")]
    [InlineData("--updates", "0")]
    [InlineData("--updates", "-1")]
    [InlineData("--images", "0")]
    [InlineData("--minutes", "0")]
    [InlineData("--minutes", "-1")]
    [InlineData("--minutes", "nan")]
    [InlineData("--minutes", "1e300")]
    [InlineData("--minutes", "soon")]
    [InlineData("--warmup", "-1")]
    [InlineData("--schedule", "linear")]
    [InlineData("--clip-norm", "-1")]
    [InlineData("--clip-norm", "infinity")]
    [InlineData("--weight-decay", "-0.1")]
    [InlineData("--weight-decay", "nan")]
    [InlineData("--optimizer", "sgd")]
    [InlineData("--average", "1")]
    [InlineData("--average", "-0.5")]
    [InlineData("--flips", "maybe")]
    [InlineData("--lr", "0")]
    [InlineData("--lr", "-1e-3")]
    [InlineData("--lr", "nan")]
    [InlineData("--lr", "infinity")]
    [InlineData("--lr", "fast")]
    [InlineData("--hidden", "0")]
    [InlineData("--hidden", "7")]
    [InlineData("--hidden", "2000000000")]
    [InlineData("--residual-hidden", "0")]
    [InlineData("--residual-layers", "-1")]
    [InlineData("--codes", "0")]
    [InlineData("--code-dim", "0")]
    [InlineData("--commitment", "-0.1")]
    [InlineData("--decay", "1")]
    [InlineData("--decay", "-0.5")]
    [InlineData("--size", "30")]
    [InlineData("--size", "0")]
    [InlineData("--size", "-32")]
    [InlineData("--channels", "2")]
    [InlineData("--seed", "-1")]
    [InlineData("--threads", "0")]
    [InlineData("--checkpoint-every", "0")]
    [InlineData("--eval-every", "0")]
    [InlineData("--data", "")]
    [InlineData("--data-dir", "")]
    [InlineData("--init", "")]
    public void An_invalid_value_is_refused_with_its_option_and_no_run_starts(string option, string value)
    {
        using var folder = new TemporaryFolder();
        string line = Program.Refuse(Program.TinyTraining(trained.Images, folder["run"], [option, value])
            .Where((_, i) => option != "--data" || i is not (1 or 2)).ToArray());
        Assert.StartsWith(option, line, StringComparison.Ordinal);
        Assert.Empty(TemporaryFolder.NamesIn(folder.Path));
    }

    [Theory]
    [InlineData("--threads", "0")]
    [InlineData("--threads", "2000")]
    [InlineData("--size", "18")]
    public void Eval_refuses_invalid_values_too(string option, string value) =>
        Assert.StartsWith(option, Program.Refuse("eval", trained.Run, option, value), StringComparison.Ordinal);

    [Theory]
    [InlineData("", "", 0)]
    [InlineData("", "abc", 3)]
    [InlineData("abc", "", 3)]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("bacth", "batch", 2)]
    public void The_edit_distance_counts_insertions_deletions_and_replacements(string from, string to, int expected) =>
        Assert.Equal(expected, CommandLineCheck.EditDistance(from, to));
}
