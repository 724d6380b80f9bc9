using System.Collections.Concurrent;
using Tessera.Tensors.Distributed;

namespace Tessera.Mpi.Tests;

/// <summary>Ranks that are threads of one process: what they do together, without MPI.</summary>
internal sealed class ThreadRanks : Collective
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Meeting _meeting;
    private readonly Random _delays;

    private ThreadRanks(Meeting meeting, int rank)
    {
        (_meeting, Rank) = (meeting, rank);
        _delays = new Random(rank);
    }

    public override int Rank { get; }

    public override int Size => _meeting.Messages.Length;

    /// <summary>Runs work on so many ranks, and returns what each has made, in their order.</summary>
    /// <param name="size">The number of ranks.</param>
    /// <param name="isUneven">Whether ranks arrive late, now one and now another.</param>
    /// <param name="work">The work of a rank.</param>
    public static T[] Run<T>(int size, Func<ThreadRanks, T> work, bool isUneven = false)
    {
        using var meeting = new Meeting(size) { IsUneven = isUneven };
        var results = new T[size];
        var errors = new ConcurrentQueue<Exception>();
        Thread[] threads =
        [
            .. Enumerable.Range(0, size).Select(rank => new Thread(() =>
            {
                try
                {
                    results[rank] = work(new ThreadRanks(meeting, rank));
                }
                catch (Exception e)
                {
                    errors.Enqueue(e);
                    meeting.Leave();
                }
            })),
        ];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        // The first error is the cause; the others waited for that rank.
        if (errors.TryPeek(out Exception? first)) throw new AggregateException(first.Message, first);
        return results;
    }

    public override void Abort(int code) => _meeting.Leave();

    protected override Transfer BeginExchange(
        ReadOnlyMemory<byte> sent, int[] sentLengths, Memory<byte> received, int[] receivedLengths)
    {
        Meet(sent.Span, sentLengths);
        int to = 0;
        for (int rank = 0; rank < Size; rank++)
        {
            (byte[] bytes, int[] lengths) = _meeting.Messages[rank];
            Assert.Equal(receivedLengths[rank], lengths[Rank]);
            bytes.AsSpan(lengths.AsSpan(0, Rank).ToArray().Sum(), lengths[Rank]).CopyTo(received.Span[to..]);
            to += lengths[Rank];
        }
        _meeting.Wait(Patience);
        return Transfer.Arrived;
    }

    protected override Transfer BeginCollection(ReadOnlyMemory<byte> own, Memory<byte> all, int[] lengths)
    {
        GatherBytes(own.Span, all.Span, lengths);
        return Transfer.Arrived;
    }

    protected override void GatherBytes(ReadOnlySpan<byte> own, Span<byte> all, ReadOnlySpan<int> lengths)
    {
        Meet(own, lengths);
        int to = 0;
        for (int rank = 0; rank < Size; rank++)
        {
            Assert.Equal(lengths[rank], _meeting.Messages[rank].Bytes.Length);
            _meeting.Messages[rank].Bytes.CopyTo(all[to..]);
            to += lengths[rank];
        }
        _meeting.Wait(Patience);
    }

    private void Meet(ReadOnlySpan<byte> bytes, ReadOnlySpan<int> lengths)
    {
        if (_meeting.IsUneven && _delays.Next(3) == 0) Thread.Sleep(_delays.Next(3));
        _meeting.Messages[Rank] = (bytes.ToArray(), lengths.ToArray());
        _meeting.Wait(Patience);
    }

    private sealed class Meeting(int size) : IDisposable
    {
        private readonly Barrier _barrier = new(size);
        private readonly CancellationTokenSource _left = new();

        public (byte[] Bytes, int[] Lengths)[] Messages { get; } = new (byte[], int[])[size];

        public bool IsUneven { get; init; }

        public void Wait(TimeSpan patience)
        {
            if (!_barrier.SignalAndWait(patience, _left.Token)) throw new TimeoutException("a rank did not come");
        }

        public void Leave() => _left.Cancel();

        public void Dispose()
        {
            _barrier.Dispose();
            _left.Dispose();
        }
    }
}
