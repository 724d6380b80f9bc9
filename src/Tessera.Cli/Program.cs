using System.Runtime.InteropServices;
using Tessera.Cli;
using Tessera.Cli.Studio;
using Tessera.Mpi;

bool isDetached = DetachedProcess.RedirectOutput();
if (!Console.IsOutputRedirected) Console.SetOut(new TerminalWriter(Console.Out));
if (!Console.IsErrorRedirected) Console.SetError(new TerminalWriter(Console.Error));

// The first Ctrl-C (or SIGTERM, or a closed terminal) asks the command to stop; the second one ends the process.
using var cancellation = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal);
return MpiCollective.IsUnderMpi
    ? RankProgram.Run(args, Console.Out, Console.Error, cancellation.Token)
    : TesseraProgram.Run(args, Console.Out, Console.Error, cancellation.Token);

void OnSignal(PosixSignalContext context)
{
    if (isDetached && context.Signal is (PosixSignal.SIGINT or PosixSignal.SIGHUP))
    {
        // The terminal means the studio; a run is stopped through its folder.
        context.Cancel = true;
        return;
    }
    context.Cancel = !cancellation.IsCancellationRequested;
    cancellation.Cancel();
    // A progress bar hides the cursor: show it again before the process ends.
    if (!context.Cancel && !Console.IsOutputRedirected) Console.Write("\e[?25h");
}
