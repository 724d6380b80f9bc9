using System.Text;

namespace Tessera.Cli;

/// <summary>
/// Writes to a terminal and ignores failed writes. Every write to a closed terminal fails; a run whose window was
/// closed must still stop with a checkpoint.
/// </summary>
/// <param name="terminal">The terminal.</param>
internal sealed class TerminalWriter(TextWriter terminal) : TextWriter(terminal.FormatProvider)
{
    public override Encoding Encoding => terminal.Encoding;

    public override void Write(char value) => Try(() => terminal.Write(value));

    public override void Write(char[] buffer, int index, int count) => Try(() => terminal.Write(buffer, index, count));

    public override void Write(string? value) => Try(() => terminal.Write(value));

    public override void WriteLine(string? value) => Try(() => terminal.WriteLine(value));

    public override void Flush() => Try(terminal.Flush);

    private static void Try(Action write)
    {
        try
        {
            write();
        }
        catch (IOException)
        {
        }
    }
}
