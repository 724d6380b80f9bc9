using System.Diagnostics;
using Tessera.Data.Stores;

namespace Tessera.Cli.Rendering;

/// <summary>Shows how far packing is: a bar on a terminal, elsewhere a line every tenth.</summary>
/// <param name="display">The stream to write to.</param>
/// <param name="bar">The progress bar, shown on a terminal.</param>
internal sealed class PackDisplay(Display display, ProgressBar bar) : IProgress<PackProgress>
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private int _lastTenth;

    public void Report(PackProgress value)
    {
        string text = $"packing images: {value.Images}";
        if (value.Fraction is > 0 and <= 1 and var fraction)
            text += $", {RunDisplay.Time(_clock.Elapsed * ((1 - fraction) / fraction))} left";
        bar.Report(new BarState(value.Fraction, text));
        int tenth = (int)((value.Fraction ?? 0) * 10);
        if (display.IsTerminal || tenth == _lastTenth) return;
        _lastTenth = tenth;
        display.Line(text);
    }
}
