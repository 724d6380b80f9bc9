using Tessera.Training;

namespace Tessera.Cli.Tests;

/// <summary>A run whose terminal is closed must still write its checkpoint.</summary>
public sealed class TerminalTests(Trained trained)
{
    [Fact]
    public void Writes_to_a_closed_terminal_are_ignored()
    {
        using var terminal = new BreakingWriter(_ => true);
        using var writer = new TerminalWriter(terminal);
        writer.Write('a');
        writer.Write("text");
        writer.Write("text".ToCharArray(), 1, 2);
        writer.WriteLine("line");
        writer.Flush();
        Assert.Equal("", terminal.ToString());
    }

    [Fact]
    public void An_open_terminal_gets_everything()
    {
        using var terminal = new StringWriter { NewLine = "\n" };
        using var writer = new TerminalWriter(terminal);
        writer.Write('a');
        writer.Write("bc");
        writer.Write("xdx".ToCharArray(), 1, 1);
        writer.WriteLine("e");
        Assert.Equal("abcde\n", terminal.ToString());
    }

    [Fact]
    public void A_run_that_cannot_print_that_it_stops_still_writes_its_checkpoint()
    {
        using var folder = new TemporaryFolder();
        using var cancellation = new CancellationTokenSource();
        using var error = new StringWriter();
        using var output = new BreakingWriter(line =>
        {
            if (line.StartsWith("perplexity", StringComparison.Ordinal)) cancellation.Cancel();
            return line.StartsWith("stopping", StringComparison.Ordinal);
        });
        int code = TesseraProgram.Run(
            Program.TinyTraining(trained.Images, folder["run"], "--updates", "300"), output, error,
            cancellation.Token);
        Assert.Equal((TesseraProgram.Interrupted, "tessera: interrupted"), (code, error.ToString().TrimEnd()));
        Assert.Equal(100, TokenizerRun.Open(folder["run"]).LatestCheckpoint()?.Update);
    }

    /// <summary>A writer that fails at chosen lines, as a closed terminal or a full disk does.</summary>
    private sealed class BreakingWriter(Func<string, bool> breaksAt) : StringWriter
    {
        public override void Write(char value) => Check($"{value}");

        public override void Write(string? value) => Check(value ?? "");

        public override void Write(char[] buffer, int index, int count) => Check(new string(buffer, index, count));

        public override void WriteLine(string? value) => Check(value ?? "");

        public override void Flush() => Check("");

        private void Check(string text)
        {
            if (breaksAt(text)) throw new IOException("closed");
        }
    }
}
