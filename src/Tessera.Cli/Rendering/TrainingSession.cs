using System.Diagnostics;
using Tessera.Runs;
using Tessera.Tensors.Distributed;

namespace Tessera.Cli.Rendering;

/// <summary>Runs a training with its progress, and says how a stopped one is continued.</summary>
/// <param name="invocation">The streams and the cancellation.</param>
/// <param name="run">The run folder, in which a stop can be requested too.</param>
/// <param name="resume">The command line that continues the run.</param>
internal sealed class TrainingSession(Invocation invocation, RunFolder run, string resume)
{
    /// <summary>Trains until the budget is spent.</summary>
    /// <param name="trainer">The training loop.</param>
    /// <param name="show">Makes what shows the progress, given a bar.</param>
    /// <exception cref="OperationCanceledException">The run was stopped.</exception>
    public void Run(Trainer trainer, Func<ProgressBar, IProgress<RunProgress>> show)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(invocation.Cancellation);
        using CancellationTokenRegistration note = stop.Token.Register(PrintStopping);
        using IDisposable? request = !invocation.IsFirst ? null : StopRequest.Watch(run.Path, stop.Cancel);
        long start = Stopwatch.GetTimestamp();
        CollectiveTraffic before = invocation.Ranks.Traffic;
        try
        {
            invocation.Output.WithBar(bar =>
            {
                trainer.Run(show(bar), stop.Token);
                return 0;
            });
        }
        catch (OperationCanceledException)
        {
            invocation.Output.Line(trainer.Update == 0
                ? "stopped before the first update"
                : $"stopped after update {trainer.Update}; its checkpoint is written");
            invocation.Output.Line($"continue with: {resume}");
            throw;
        }
        if (invocation.Ranks.Size > 1) PrintTraffic(before, Stopwatch.GetElapsedTime(start));
    }

    private void PrintTraffic(CollectiveTraffic before, TimeSpan time)
    {
        CollectiveTraffic after = invocation.Ranks.Traffic;
        string sent = FormattableString.Invariant($"{(after.Bytes - before.Bytes) / 1e6:0.0} MB");
        string part = FormattableString.Invariant($"{100 * ((after.Time - before.Time) / time):0.0}%");
        invocation.Output.Line(
            $"ranks:  {after.Messages - before.Messages} messages, {sent} sent by each, {part} of the time");
    }

    private void PrintStopping()
    {
        try
        {
            invocation.Output.Line("stopping after this update ...");
        }
        catch (IOException)
        {
            // The cancelling thread calls this, such as a signal handler's: a failed write must not throw there.
        }
    }
}
