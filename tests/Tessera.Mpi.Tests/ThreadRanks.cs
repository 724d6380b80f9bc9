using System.Collections.Concurrent;
using System.Diagnostics;
using Tessera.Tensors.Distributed;

namespace Tessera.Mpi.Tests;

/// <summary>Ranks that are threads of one process: what they do together, without MPI.</summary>
internal sealed class ThreadRanks : Collective
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Meeting _meeting;
    private readonly Random _delays;
    private int _exchanges, _collections;

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
        ReadOnlyMemory<byte> sent, int[] sentLengths, Memory<byte> received, int[] receivedLengths) =>
        Begin("exchange", ref _exchanges, sent, sentLengths, (rank, bytes, lengths) =>
        {
            Assert.Equal(receivedLengths[rank], lengths[Rank]);
            bytes.AsSpan(lengths[..Rank].Sum(), lengths[Rank])
                .CopyTo(received.Span[receivedLengths[..rank].Sum()..]);
        });

    protected override Transfer BeginCollection(ReadOnlyMemory<byte> own, Memory<byte> all, int[] lengths) =>
        Begin("collection", ref _collections, own, lengths, (rank, bytes, _) =>
        {
            Assert.Equal(lengths[rank], bytes.Length);
            bytes.CopyTo(all.Span[lengths[..rank].Sum()..]);
        });

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

    /// <summary>Lays a message out for the others; the messages of a kind are told apart by their numbers.</summary>
    private LateTransfer Begin(
        string kind, ref int number, ReadOnlyMemory<byte> sent, int[] lengths, Action<int, byte[], int[]> receive)
    {
        (string, int) name = (kind, number++);
        _meeting.LaidOut.TryAdd((name, Rank), (sent.ToArray(), [.. lengths]));
        return new LateTransfer(this, name, _meeting.IsUneven ? _delays.Next(4) : 0, receive);
    }

    private void Meet(ReadOnlySpan<byte> bytes, ReadOnlySpan<int> lengths)
    {
        if (_meeting.IsUneven && _delays.Next(3) == 0) Thread.Sleep(_delays.Next(3));
        _meeting.Messages[Rank] = (bytes.ToArray(), lengths.ToArray());
        _meeting.Wait(Patience);
    }

    /// <summary>A message that arrives when all ranks have sent theirs, and has to be asked for some times.</summary>
    private sealed class LateTransfer(
        ThreadRanks ranks, (string, int) name, int refusals, Action<int, byte[], int[]> receive) : Transfer
    {
        private bool _hasArrived;

        public override bool HasArrived()
        {
            if (_hasArrived) return true;
            if (refusals-- > 0 || !ranks._meeting.HasAll(name)) return false;
            for (int rank = 0; rank < ranks.Size; rank++)
            {
                (byte[] bytes, int[] lengths) = ranks._meeting.LaidOut[(name, rank)];
                receive(rank, bytes, lengths);
            }
            return _hasArrived = true;
        }

        public override void Wait()
        {
            long start = Stopwatch.GetTimestamp();
            while (!HasArrived())
            {
                ranks._meeting.ThrowIfLeft();
                if (Stopwatch.GetElapsedTime(start) > Patience) throw new TimeoutException("a rank did not send");
                Thread.Yield();
            }
        }
    }

    private sealed class Meeting(int size) : IDisposable
    {
        private readonly Barrier _barrier = new(size);
        private readonly CancellationTokenSource _left = new();

        public (byte[] Bytes, int[] Lengths)[] Messages { get; } = new (byte[], int[])[size];

        public ConcurrentDictionary<((string, int) Name, int Rank), (byte[] Bytes, int[] Lengths)> LaidOut { get; } =
            [];

        public bool IsUneven { get; init; }

        public bool HasAll((string, int) name) =>
            Enumerable.Range(0, Messages.Length).All(rank => LaidOut.ContainsKey((name, rank)));

        public void ThrowIfLeft() => _left.Token.ThrowIfCancellationRequested();

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
