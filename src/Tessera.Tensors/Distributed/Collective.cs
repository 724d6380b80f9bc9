using System.Diagnostics;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Tessera.Tensors.Distributed;

/// <summary>
/// The processes that work together, each with a rank: the one seam between training and what connects them. All
/// ranks call the same methods in the same order; a call returns when this rank has its result. One thread at a time.
/// </summary>
/// <remarks>
/// A sum is added in the order of the ranks, so its bits depend on the values and the number of ranks alone, and are
/// the same on every rank. A kind of connection has three things to do: <see cref="GatherBytes"/>, and, for sums that go
/// on while a process computes, <see cref="BeginExchange"/> and <see cref="BeginCollection"/>.
/// </remarks>
/// <example><code>
/// float[] values = [1, 2, 3];
/// ranks.Sum&lt;float&gt;(values);   // on each of 4 ranks with these values: 4, 8, 12
/// </code></example>
public abstract class Collective : IDisposable
{
    // Lengths of messages are 32-bit numbers, and this bounds the memory for them.
    private const int MostBytes = 64 << 20;

    private byte[] _scratch = [];

    /// <summary>A process that works alone.</summary>
    public static Collective Lone { get; } = new LoneProcess();

    /// <summary>The number of this process, 0 to <see cref="Size"/> - 1. Rank 0 writes files and messages.</summary>
    public abstract int Rank { get; }

    /// <summary>The number of processes.</summary>
    public abstract int Size { get; }

    /// <summary>What this process has sent so far.</summary>
    public CollectiveTraffic Traffic { get; private set; }

    /// <summary>
    /// The even share of a rank in a number of things: the first ranks have one more if there is a rest.
    /// </summary>
    /// <param name="whole">The number of things, at least 0.</param>
    /// <param name="rank">The rank.</param>
    public (int First, int Count) ShareOf(int whole, int rank)
    {
        (int even, int rest) = Math.DivRem(whole, Size);
        return (rank * even + Math.Min(rank, rest), even + (rank < rest ? 1 : 0));
    }

    /// <summary>
    /// Replaces the values of every rank by the sums over all ranks, added in their order. Every rank sends its values to
    /// all: for few of them. <see cref="BatchShare"/> sums many.
    /// </summary>
    /// <param name="values">As many on every rank.</param>
    public void Sum<T>(Span<T> values) where T : unmanaged, INumber<T>
    {
        if (Size == 1) return;
        int[] counts = new int[Size];
        int most = MostOfEach<T>();
        for (Span<T> rest = values; rest.Length > 0; rest = rest[counts[0]..])
        {
            Array.Fill(counts, Math.Min(most, rest.Length));
            Span<T> piece = rest[..counts[0]], all = Scratch<T>(Size * piece.Length);
            Gather(piece, all, counts);
            Add(all, piece);
        }
    }

    /// <summary>Collects values of all ranks, on every rank.</summary>
    /// <param name="own">This rank's values.</param>
    /// <param name="all">Receives those of rank 0, then of rank 1, and so on.</param>
    /// <param name="counts">How many values each rank has.</param>
    /// <exception cref="ArgumentException">The lengths do not agree.</exception>
    public void Gather<T>(ReadOnlySpan<T> own, Span<T> all, ReadOnlySpan<int> counts) where T : unmanaged
    {
        long sum = 0;
        int largest = 0;
        foreach (int count in counts) (sum, largest) = (sum + count, Math.Max(largest, count));
        if (own.Length != counts[Rank] || sum != all.Length)
            throw new ArgumentException($"{own.Length} values of {all.Length} are not what the counts say");
        int most = MostOfEach<T>();
        if (largest > most)
        {
            GatherInRounds(own, all, counts, most);
            return;
        }
        int[] lengths = new int[Size];
        for (int rank = 0; rank < lengths.Length; rank++) lengths[rank] = counts[rank] * Unsafe.SizeOf<T>();
        Collect(MemoryMarshal.AsBytes(own), MemoryMarshal.AsBytes(all), lengths);
    }

    /// <summary>Replaces the values of every rank by those of rank 0.</summary>
    /// <param name="values">As many on every rank.</param>
    public void Broadcast<T>(Span<T> values) where T : unmanaged
    {
        if (Size == 1) return;
        int[] counts = new int[Size];
        for (int most = MostBytes / Unsafe.SizeOf<T>(); values.Length > 0; values = values[counts[0]..])
        {
            counts[0] = Math.Min(most, values.Length);
            Span<T> piece = values[..counts[0]];
            // The source of a message is never its destination.
            Gather(Rank == 0 ? (ReadOnlySpan<T>)piece.ToArray() : [], piece, counts);
        }
    }

    /// <summary>The texts of all ranks, on every rank.</summary>
    public string[] Gather(string text)
    {
        byte[] own = Encoding.UTF8.GetBytes(text);
        int[] ones = new int[Size], lengths = new int[Size];
        Array.Fill(ones, 1);
        Gather([own.Length], lengths, ones);
        byte[] all = new byte[lengths.Sum()];
        Gather(own, all, lengths);
        string[] texts = new string[Size];
        for (int rank = 0, first = 0; rank < Size; first += lengths[rank++])
            texts[rank] = Encoding.UTF8.GetString(all, first, lengths[rank]);
        return texts;
    }

    /// <summary>Whether something holds on any rank.</summary>
    public bool Any(bool holds)
    {
        if (Size == 1) return holds;
        Span<int> count = [holds ? 1 : 0];
        Sum(count);
        return count[0] > 0;
    }

    /// <summary>Waits until all ranks have called this.</summary>
    public void Wait() => Any(false);

    /// <summary>Ends all processes at once, for an error that the others do not know of.</summary>
    /// <param name="code">The exit code.</param>
    public abstract void Abort(int code);

    /// <summary>Ends the connection; all ranks do so.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Ends the connection.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }

    /// <summary>Collects the bytes of all ranks, on every rank.</summary>
    /// <param name="own">This rank's bytes. They do not overlap <paramref name="all"/>.</param>
    /// <param name="all">Receives those of rank 0 first.</param>
    /// <param name="lengths">The bytes of each rank.</param>
    protected abstract void GatherBytes(ReadOnlySpan<byte> own, Span<byte> all, ReadOnlySpan<int> lengths);

    /// <summary>
    /// Begins to send a piece to every rank and to receive one from every rank. All ranks begin their exchanges in the
    /// same order, but not in the same order among collections and other messages.
    /// </summary>
    /// <param name="sent">
    /// The pieces, that for rank 0 first. All four stay as they are until the transfer has arrived.
    /// </param>
    /// <param name="sentLengths">The bytes of each.</param>
    /// <param name="received">Receives the pieces, that of rank 0 first.</param>
    /// <param name="receivedLengths">The bytes of each.</param>
    protected abstract Transfer BeginExchange(
        ReadOnlyMemory<byte> sent, int[] sentLengths, Memory<byte> received, int[] receivedLengths);

    /// <summary>
    /// Begins to collect the bytes of all ranks, on every rank. All ranks begin their collections in the same order, but
    /// not in the same order among exchanges and other messages.
    /// </summary>
    /// <param name="own">This rank's bytes. All three stay as they are until the transfer has arrived.</param>
    /// <param name="all">Receives those of rank 0 first.</param>
    /// <param name="lengths">The bytes of each rank.</param>
    protected abstract Transfer BeginCollection(ReadOnlyMemory<byte> own, Memory<byte> all, int[] lengths);

    internal Transfer Send(
        ReadOnlyMemory<byte> sent, int[] sentLengths, Memory<byte> received, int[] receivedLengths)
    {
        long start = Stopwatch.GetTimestamp();
        Transfer transfer = BeginExchange(sent, sentLengths, received, receivedLengths);
        Count(start, sent.Length - sentLengths[Rank]);
        return transfer;
    }

    internal Transfer Send(ReadOnlyMemory<byte> own, Memory<byte> all, int[] lengths)
    {
        long start = Stopwatch.GetTimestamp();
        Transfer transfer = BeginCollection(own, all, lengths);
        Count(start, (long)(Size - 1) * own.Length);
        return transfer;
    }

    internal bool HasArrived(Transfer transfer)
    {
        long start = Stopwatch.GetTimestamp();
        bool hasArrived = transfer.HasArrived();
        Traffic = Traffic with { Time = Traffic.Time + Stopwatch.GetElapsedTime(start) };
        return hasArrived;
    }

    internal void Wait(Transfer transfer)
    {
        long start = Stopwatch.GetTimestamp();
        transfer.Wait();
        Traffic = Traffic with { Time = Traffic.Time + Stopwatch.GetElapsedTime(start) };
    }

    /// <summary>The values of a rank in a message of which each rank sends a part to all.</summary>
    private int MostOfEach<T>() => Math.Max(1, MostBytes / Size / Unsafe.SizeOf<T>());

    private void GatherInRounds<T>(ReadOnlySpan<T> own, Span<T> all, ReadOnlySpan<int> counts, int most)
        where T : unmanaged
    {
        int[] round = new int[Size];
        bool isOver = false;
        for (int done = 0; !isOver; done += most)
        {
            isOver = true;
            for (int rank = 0; rank < Size; rank++)
            {
                round[rank] = Math.Clamp(counts[rank] - done, 0, most);
                isOver &= counts[rank] - done <= most;
            }
            Span<T> received = Scratch<T>(round.Sum());
            Gather(own.Slice(Math.Min(done, own.Length), round[Rank]), received, round);
            for (int rank = 0, first = 0; rank < Size; first += counts[rank++])
            {
                received[..round[rank]].CopyTo(all[(first + Math.Min(done, counts[rank]))..]);
                received = received[round[rank]..];
            }
        }
    }

    private void Collect(ReadOnlySpan<byte> own, Span<byte> all, ReadOnlySpan<int> lengths)
    {
        long start = Stopwatch.GetTimestamp();
        GatherBytes(own, all, lengths);
        Count(start, (long)(Size - 1) * own.Length);
    }

    private void Count(long start, long bytes)
    {
        if (Size == 1) return;
        Traffic = new CollectiveTraffic(
            Traffic.Messages + 1, Traffic.Bytes + bytes, Traffic.Time + Stopwatch.GetElapsedTime(start));
    }

    /// <summary>Adds up the values of the ranks, in their order.</summary>
    internal static void Add<T>(ReadOnlySpan<T> terms, Span<T> sums) where T : unmanaged, INumber<T>
    {
        terms[..sums.Length].CopyTo(sums);
        for (int first = sums.Length; first < terms.Length; first += sums.Length)
            TensorPrimitives.Add(sums, terms.Slice(first, sums.Length), sums);
    }

    private Span<T> Scratch<T>(int length) where T : unmanaged
    {
        int bytes = length * Unsafe.SizeOf<T>();
        if (_scratch.Length < bytes) _scratch = new byte[bytes];
        return MemoryMarshal.Cast<byte, T>(_scratch.AsSpan(0, bytes));
    }

    private sealed class LoneProcess : Collective
    {
        public override int Rank => 0;

        public override int Size => 1;

        public override void Abort(int code) => Environment.Exit(code);

        protected override void GatherBytes(ReadOnlySpan<byte> own, Span<byte> all, ReadOnlySpan<int> lengths) =>
            own.CopyTo(all);

        protected override Transfer BeginExchange(
            ReadOnlyMemory<byte> sent, int[] sentLengths, Memory<byte> received, int[] receivedLengths)
        {
            sent.CopyTo(received);
            return Transfer.Arrived;
        }

        protected override Transfer BeginCollection(ReadOnlyMemory<byte> own, Memory<byte> all, int[] lengths)
        {
            own.CopyTo(all);
            return Transfer.Arrived;
        }
    }
}
