using System.Globalization;
using Tessera.Mpi;
using Tessera.Tensors.Distributed;

namespace Tessera.Cli;

/// <summary>The program as one of several processes under <c>mpirun</c>.</summary>
internal static class RankProgram
{
    // An error that all ranks see is told by the lowest, which ends the others meanwhile.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1), PatiencePerRank = TimeSpan.FromSeconds(0.1);
    private static readonly TimeSpan PatienceToLeave = TimeSpan.FromSeconds(5);

    // Of Open MPI, of MPICH, of PMIx.
    private static readonly string[] RankVariables = ["OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK"];

    /// <summary>
    /// Runs one command on all processes, as <see cref="TesseraProgram.Run(IReadOnlyList{string}, TextWriter,
    /// TextWriter, CancellationToken)"/> does on one.
    /// </summary>
    public static int Run(
        IReadOnlyList<string> args, TextWriter output, TextWriter error, CancellationToken cancellation)
    {
        Collective ranks;
        try
        {
            ranks = MpiCollective.Start();
        }
        catch (DllNotFoundException e)
        {
            if (NamedRank() is null or 0) error.WriteLine($"tessera: {e.Message}");
            return TesseraProgram.WrongInput;
        }
        int code = ranks.Rank == 0
            ? RunFirst(ranks, args, output, error, cancellation)
            : RunOther(ranks, args, error, cancellation);
        Leave(ranks, code);
        return code;
    }

    /// <summary>
    /// Leaves the others, who may not know that this rank was interrupted: outside of training each stops by itself. To
    /// leave waits for all of them, so a rank ends without it after a while, and <c>mpirun</c> then ends the others.
    /// </summary>
    private static void Leave(Collective ranks, int code)
    {
        if (code != TesseraProgram.Interrupted)
        {
            ranks.Dispose();
            return;
        }
        var leaving = new Thread(ranks.Dispose) { IsBackground = true };
        leaving.Start();
        if (!leaving.Join(PatienceToLeave)) Environment.Exit(code);
    }

    private static int RunFirst(
        Collective ranks, IReadOnlyList<string> args, TextWriter output, TextWriter error,
        CancellationToken cancellation)
    {
        int code = TesseraProgram.Run(args, output, error, ranks, cancellation);
        if (IsError(code) && ranks.Size > 1) ranks.Abort(code);
        return code;
    }

    private static int RunOther(
        Collective ranks, IReadOnlyList<string> args, TextWriter error, CancellationToken cancellation)
    {
        using var messages = new StringWriter();
        int code = TesseraProgram.Run(args, TextWriter.Null, messages, ranks, cancellation);
        if (!IsError(code)) return code;
        // The end of the job by another rank comes as a signal, and soon after as one that ends this process.
        bool wasEnding = cancellation.IsCancellationRequested;
        TimeSpan patience = Patience + ranks.Rank * PatiencePerRank;
        if (wasEnding) Thread.Sleep(patience);
        else if (cancellation.WaitHandle.WaitOne(patience)) return code;
        error.Write(messages);
        error.Flush();
        ranks.Abort(code);
        return code;
    }

    private static bool IsError(int code) => code is TesseraProgram.Failed or TesseraProgram.WrongInput;

    /// <summary>The rank by the environment, where MPI itself cannot be asked.</summary>
    private static int? NamedRank()
    {
        string? rank = RankVariables.Select(Environment.GetEnvironmentVariable)
            .FirstOrDefault(value => value is not null);
        return int.TryParse(rank, CultureInfo.InvariantCulture, out int number) ? number : null;
    }
}
