using System.Globalization;
using Tessera.Tensors.Distributed;

namespace Tessera.Mpi;

/// <summary>
/// The processes that <c>mpirun</c> (or <c>srun</c>) has started, connected by MPI: Open MPI 4 and 5, or MPICH and what
/// shares its binary interface.
/// </summary>
/// <example><code>
/// using Collective ranks = MpiCollective.IsUnderMpi ? MpiCollective.Start() : Collective.Lone;
/// </code></example>
public sealed class MpiCollective : Collective
{
    private const string OpenMpiSize = "OMPI_COMM_WORLD_SIZE", MpichSize = "PMI_SIZE", PmixRank = "PMIX_RANK";
    // A shell that srun starts is a step of one task.
    private const string SlurmTasks = "SLURM_STEP_NUM_TASKS";

    private readonly MpiLibrary _library;
    private bool _isOver;

    private MpiCollective(MpiLibrary library)
    {
        _library = library;
        (Rank, Size) = library.Init();
    }

    /// <summary>
    /// Whether this process was started as one of several: by Open MPI (<c>OMPI_COMM_WORLD_SIZE</c>), MPICH
    /// (<c>PMI_SIZE</c>) or a PMIx server such as Slurm's (<c>PMIX_RANK</c>, and a step of more than one task).
    /// </summary>
    public static bool IsUnderMpi => IsUnder(Named);

    /// <inheritdoc/>
    public override int Rank { get; }

    /// <inheritdoc/>
    public override int Size { get; }

    /// <summary>Loads MPI and joins the other processes, once in a process.</summary>
    /// <exception cref="DllNotFoundException">
    /// No <c>libmpi</c> can be loaded; the message says how to mend it.
    /// </exception>
    public static MpiCollective Start()
    {
        try
        {
            return Checked(new MpiCollective(MpiLibrary.Load(isMpich: Named(MpichSize) is not null)));
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            throw new DllNotFoundException(
                $"started by mpirun, but its MPI cannot be loaded ({e.Message}); put the folder of its libmpi into "
                + "LD_LIBRARY_PATH, or start one process without mpirun", e);
        }
    }

    /// <summary>Ends all processes, without a word.</summary>
    /// <inheritdoc/>
    public override void Abort(int code)
    {
        _isOver = true;
        _library.Abort(code);
    }

    private static string? Named(string variable) => Environment.GetEnvironmentVariable(variable);

    /// <summary>The library of another MPI than that of <c>mpirun</c> takes each process for the only one.</summary>
    private static MpiCollective Checked(MpiCollective ranks) =>
        (Named(OpenMpiSize) ?? Named(MpichSize)) is { } size && size != $"{ranks.Size}"
            ? throw new DllNotFoundException($"the libmpi that was found knows of {ranks.Size} processes, not {size}")
            : ranks;

    /// <summary>Whether the environment is that of one of several processes.</summary>
    internal static bool IsUnder(Func<string, string?> variable)
    {
        foreach (string name in (string[])[OpenMpiSize, MpichSize])
        {
            if (int.TryParse(variable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int size))
                return size > 1;
        }
        return variable(PmixRank) is not null && variable(SlurmTasks) is not "1";
    }

    /// <inheritdoc/>
    protected override void GatherBytes(ReadOnlySpan<byte> own, Span<byte> all, ReadOnlySpan<int> lengths) =>
        _library.AllGather(own, all, lengths);

    /// <inheritdoc/>
    protected override Transfer BeginExchange(
        ReadOnlyMemory<byte> sent, int[] sentLengths, Memory<byte> received, int[] receivedLengths) =>
        _library.BeginAllToAll(sent, sentLengths, received, receivedLengths);

    /// <inheritdoc/>
    protected override Transfer BeginCollection(ReadOnlyMemory<byte> own, Memory<byte> all, int[] lengths) =>
        _library.BeginAllGather(own, all, lengths);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (!_isOver) _library.Leave();
        _isOver = true;
        base.Dispose(disposing);
    }
}
