using System.Runtime.InteropServices;
using Tessera.Tensors.Distributed;

namespace Tessera.Mpi;

/// <summary>
/// The functions of <c>libmpi</c> that are needed. Open MPI and MPICH have the same functions; their handles differ:
/// the first has the addresses of objects, the second fixed numbers (its <c>mpi.h</c>; MPICH, Intel MPI and MVAPICH
/// share this ABI).
/// </summary>
internal sealed unsafe class MpiLibrary
{
    /// <summary>The support of threads that is asked for: one thread at a time, any of them.</summary>
    private const int Serialized = 2;

    // The last are the links that packages for developers bring, and macOS.
    private static readonly string[] OpenMpi = ["libmpi.so.40", "libmpi.so", "libmpi.dylib"];
    private static readonly string[] Mpich =
        ["libmpi.so.12", "libmpich.so.12", "impi.dll", "msmpi.dll", "libmpi.so", "libmpi.dylib"];

    private readonly delegate* unmanaged<int*, byte***, int, int*, int> _init;
    private readonly delegate* unmanaged<nint, int*, int> _rank;
    private readonly delegate* unmanaged<nint, int*, int> _size;
    private readonly delegate* unmanaged<void*, int, nint, void*, int*, int*, nint, nint, int> _allGather;
    private readonly delegate* unmanaged<nint, nint*, int> _duplicate;
    private readonly delegate* unmanaged<void*, int*, int*, nint, void*, int*, int*, nint, nint, nint*, int>
        _beginAllToAll;
    private readonly delegate* unmanaged<void*, int, nint, void*, int*, int*, nint, nint, nint*, int> _beginAllGather;
    private readonly delegate* unmanaged<nint*, int*, nint, int> _test;
    private readonly delegate* unmanaged<nint*, nint, int> _wait;
    private readonly delegate* unmanaged<nint, int, int> _abort;
    private readonly delegate* unmanaged<int> _finalize;
    private readonly nint _world, _byte, _noStatus;
    // The ranks need not agree on the order of messages of different groups.
    private nint _exchanges, _collections;

    private MpiLibrary(nint library)
    {
        _init = (delegate* unmanaged<int*, byte***, int, int*, int>)Export("MPI_Init_thread");
        _rank = (delegate* unmanaged<nint, int*, int>)Export("MPI_Comm_rank");
        _size = (delegate* unmanaged<nint, int*, int>)Export("MPI_Comm_size");
        _allGather = (delegate* unmanaged<void*, int, nint, void*, int*, int*, nint, nint, int>)
            Export("MPI_Allgatherv");
        _duplicate = (delegate* unmanaged<nint, nint*, int>)Export("MPI_Comm_dup");
        _beginAllToAll =
            (delegate* unmanaged<void*, int*, int*, nint, void*, int*, int*, nint, nint, nint*, int>)
            Export("MPI_Ialltoallv");
        _beginAllGather = (delegate* unmanaged<void*, int, nint, void*, int*, int*, nint, nint, nint*, int>)
            Export("MPI_Iallgatherv");
        _test = (delegate* unmanaged<nint*, int*, nint, int>)Export("MPI_Test");
        _wait = (delegate* unmanaged<nint*, nint, int>)Export("MPI_Wait");
        _abort = (delegate* unmanaged<nint, int, int>)Export("MPI_Abort");
        _finalize = (delegate* unmanaged<int>)Export("MPI_Finalize");
        if (NativeLibrary.TryGetExport(library, "ompi_mpi_comm_world", out _world))
            _byte = Export("ompi_mpi_byte");
        else
            (_world, _byte, _noStatus) = (0x44000000, 0x4c00010d, 1);

        nint Export(string name) => NativeLibrary.GetExport(library, name);
    }

    /// <summary>Loads the library.</summary>
    /// <param name="isMpich">Whether MPICH or one of its kin has started the process: a machine may have both.</param>
    /// <exception cref="DllNotFoundException">There is none.</exception>
    /// <exception cref="EntryPointNotFoundException">It lacks a function.</exception>
    public static MpiLibrary Load(bool isMpich)
    {
        string[] names = isMpich ? Mpich : OpenMpi;
        foreach (string name in names)
            if (NativeLibrary.TryLoad(name, out nint library)) return new MpiLibrary(library);
        throw new DllNotFoundException($"none of {string.Join(", ", names)}");
    }

    /// <summary>Joins the other processes.</summary>
    /// <returns>The rank of this process, and their number.</returns>
    public (int Rank, int Size) Init()
    {
        int provided, rank, size;
        Check(_init(null, null, Serialized, &provided), "MPI_Init_thread");
        Check(_rank(_world, &rank), "MPI_Comm_rank");
        Check(_size(_world, &size), "MPI_Comm_size");
        _exchanges = Duplicate();
        _collections = Duplicate();
        return (rank, size);
    }

    /// <summary>Collects the bytes of all ranks, on every rank.</summary>
    public void AllGather(ReadOnlySpan<byte> own, Span<byte> all, ReadOnlySpan<int> lengths)
    {
        fixed (byte* from = own, to = all)
        fixed (int* toLengths = lengths, toPlaces = Places(lengths))
        {
            Check(_allGather(from, own.Length, _byte, to, toLengths, toPlaces, _byte, _world), "MPI_Allgatherv");
        }
    }

    /// <summary>Begins to send bytes to every rank and to receive bytes from every rank.</summary>
    public Transfer BeginAllToAll(
        ReadOnlyMemory<byte> sent, int[] sentLengths, Memory<byte> received, int[] receivedLengths)
    {
        var transfer = new MpiTransfer(this);
        int error = _beginAllToAll(
            transfer.Pin(sent), transfer.Pin<int>(sentLengths), transfer.Pin<int>(Places(sentLengths)), _byte,
            transfer.Pin<byte>(received), transfer.Pin<int>(receivedLengths), transfer.Pin<int>(Places(receivedLengths)),
            _byte, _exchanges, transfer.Request);
        Check(error, "MPI_Ialltoallv");
        return transfer.Begun();
    }

    /// <summary>Begins to collect the bytes of all ranks, on every rank.</summary>
    public Transfer BeginAllGather(ReadOnlyMemory<byte> own, Memory<byte> all, int[] lengths)
    {
        var transfer = new MpiTransfer(this);
        int error = _beginAllGather(
            transfer.Pin(own), own.Length, _byte, transfer.Pin<byte>(all), transfer.Pin<int>(lengths),
            transfer.Pin<int>(Places(lengths)), _byte, _collections, transfer.Request);
        Check(error, "MPI_Iallgatherv");
        return transfer.Begun();
    }

    /// <summary>Whether a message has arrived; its request is then no more.</summary>
    public bool Test(nint* request)
    {
        int hasArrived;
        Check(_test(request, &hasArrived, _noStatus), "MPI_Test");
        return hasArrived != 0;
    }

    /// <summary>Waits for a message.</summary>
    public void Wait(nint* request) => Check(_wait(request, _noStatus), "MPI_Wait");

    /// <summary>Ends all processes.</summary>
    public void Abort(int code) => _abort(_world, code);

    /// <summary>Leaves the other processes; all do so.</summary>
    public void Leave() => Check(_finalize(), "MPI_Finalize");

    private nint Duplicate()
    {
        // MPICH's handles have 32 bits; the rest stays 0.
        nint group = 0;
        Check(_duplicate(_world, &group), "MPI_Comm_dup");
        return group;
    }

    private static int[] Places(ReadOnlySpan<int> lengths)
    {
        int[] places = new int[lengths.Length];
        for (int i = 1; i < places.Length; i++) places[i] = checked(places[i - 1] + lengths[i - 1]);
        return places;
    }

    // By default MPI itself ends the job at an error; this is for libraries that are set up otherwise.
    private static void Check(int error, string function)
    {
        if (error != 0) throw new IOException($"{function} failed with error {error}");
    }
}
