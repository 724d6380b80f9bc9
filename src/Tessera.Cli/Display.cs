using Spectre.Console;
using Spectre.Console.Rendering;

namespace Tessera.Cli;

/// <summary>
/// One of the two streams that the program writes to. A terminal gets progress bars and framed tables, any other stream
/// gets plain lines.
/// </summary>
internal sealed class Display
{
    private readonly IAnsiConsole _console;
    private volatile bool _isLive;

    public Display(TextWriter writer)
    {
        Writer = writer;
        bool isTerminal = (ReferenceEquals(writer, Console.Out) && !Console.IsOutputRedirected)
            || (ReferenceEquals(writer, Console.Error) && !Console.IsErrorRedirected);
        bool inColour = isTerminal && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        _console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = inColour ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = isTerminal ? InteractionSupport.Detect : InteractionSupport.No,
        });
        IsTerminal = isTerminal && _console.Profile.Capabilities is { Ansi: true, Interactive: true };
    }

    public TextWriter Writer { get; }

    /// <summary>Whether the stream is a terminal that can show a progress bar.</summary>
    public bool IsTerminal { get; }

    /// <summary>Writes a line, above the progress bar if one is shown.</summary>
    public void Line(string text = "")
    {
        // The console redraws the bar below the line. Without a bar, write directly: the console would wrap the line.
        if (_isLive) _console.Write(new Text(text + Environment.NewLine));
        else Writer.WriteLine(text);
        Writer.Flush();
    }

    /// <summary>Writes a table; all rows have the same number of cells.</summary>
    public void Table(IReadOnlyList<string[]> rows)
    {
        if (IsTerminal)
        {
            var table = new Table { Border = TableBorder.Rounded, ShowHeaders = false };
            foreach (string _ in rows[0]) table.AddColumn("");
            foreach (string[] row in rows) table.AddRow(row.Select(cell => new Text(cell)));
            _console.Write(table);
            return;
        }
        int[] widths = [.. rows[0].Select((_, column) => rows.Max(row => row[column].Length))];
        foreach (string[] row in rows)
            Writer.WriteLine(string.Join("  ", row.Zip(widths, (cell, width) => cell.PadRight(width))).TrimEnd());
    }

    /// <summary>Does some work while a progress bar is shown; without a terminal, shows no bar.</summary>
    public T WithBar<T>(Func<ProgressBar, T> work)
    {
        if (!IsTerminal) return work(new ProgressBar(show: null));
        T result = default!;
        _isLive = true;
        try
        {
            _console.Live(new Text("")).AutoClear(true).Start(context => result = work(
                new ProgressBar(state => context.UpdateTarget(Bar(state)))));
        }
        finally
        {
            _isLive = false;
        }
        return result;
    }

    private IRenderable Bar(BarState state)
    {
        const int Widest = 40;
        if (state.Fraction is not { } fraction) return new Text(state.Text);
        int length = Math.Clamp(_console.Profile.Width - state.Text.Length - 2, 0, Widest);
        int done = (int)(length * Math.Clamp(fraction, 0, 1));
        bool unicode = _console.Profile.Capabilities.Unicode;
        IRenderable line = new Paragraph()
            .Append(new string(unicode ? '━' : '#', done), new Style(Color.Green))
            .Append(new string(unicode ? '─' : '-', length - done), new Style(Color.Grey))
            .Append("  " + state.Text);
        return state.Detail is null ? new Rows(line) : new Rows(line, new Text(state.Detail));
    }
}
