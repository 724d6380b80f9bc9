using System.Diagnostics;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Tessera.Cli;

/// <summary>
/// One of the two streams that the program writes to. On a terminal it shows bars and framed tables, elsewhere plain
/// lines.
/// </summary>
internal sealed class Display
{
    private const int RefreshMilliseconds = 100;

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

    /// <summary>Whether somebody watches who can be shown a bar.</summary>
    public bool IsTerminal { get; }

    /// <summary>Writes a line, above a bar that is being shown.</summary>
    public void Line(string text = "")
    {
        // A bar is redrawn around what goes through the console; without one, nothing shall wrap the line.
        if (_isLive) _console.Write(new Text(text + Environment.NewLine));
        else Writer.WriteLine(text);
        Writer.Flush();
    }

    /// <summary>Writes rows of equally many cells.</summary>
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

    /// <summary>Shows a bar while something works; where there is no terminal, the work is all that happens.</summary>
    public T WithBar<T>(Func<IProgress<BarState>, T> work)
    {
        if (!IsTerminal) return work(new Reporter<BarState>(_ => { }));
        T result = default!;
        _isLive = true;
        try
        {
            _console.Live(new Text("")).AutoClear(true).Start(context => result = work(Throttled(context)));
        }
        finally
        {
            _isLive = false;
        }
        return result;
    }

    private Reporter<BarState> Throttled(LiveDisplayContext context)
    {
        var gate = new Lock();
        long last = 0;
        return new Reporter<BarState>(state =>
        {
            lock (gate)
            {
                if (last != 0 && Stopwatch.GetElapsedTime(last).TotalMilliseconds < RefreshMilliseconds) return;
                last = Stopwatch.GetTimestamp();
                context.UpdateTarget(Bar(state));
            }
        });
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

/// <summary>What a bar shows.</summary>
/// <param name="Fraction">How much is done, 0 to 1; null where that is not known: then there is only the text.</param>
/// <param name="Text">Beside the bar.</param>
/// <param name="Detail">A line below it, or null.</param>
internal readonly record struct BarState(double? Fraction, string Text, string? Detail = null);
