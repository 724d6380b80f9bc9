using System.Runtime.InteropServices;

namespace Tessera.Tensors.Distributed;

/// <summary>
/// A sum of many numbers over the ranks that goes on while this process computes: each rank adds up a part of them, in
/// the order of the ranks, and sends it to all.
/// </summary>
/// <remarks>
/// All ranks begin their sums in the same order. From then on each goes on with them when it likes, the older ones
/// first: the two messages of a sum are of two kinds, and only those of a kind must keep their order.
/// </remarks>
/// <param name="ranks">The processes.</param>
internal sealed class PendingSum(Collective ranks)
{
    private readonly int[] _partBytes = new int[ranks.Size], _termBytes = new int[ranks.Size];
    // Of float32 numbers: all of them, this rank's part of each rank's, and their sums.
    private byte[] _values = [], _terms = [], _sums = [];
    private Memory<byte> _all, _part;
    private Transfer? _exchange, _collection;

    /// <summary>Memory for the numbers: this rank's until <see cref="Begin"/>, then the sums.</summary>
    /// <param name="count">How many.</param>
    public Span<float> Reserve(int count)
    {
        int part = ranks.ShareOf(count, ranks.Rank).Count * sizeof(float);
        for (int rank = 0; rank < ranks.Size; rank++)
            (_partBytes[rank], _termBytes[rank]) = (ranks.ShareOf(count, rank).Count * sizeof(float), part);
        _all = Reserve(ref _values, checked(count * sizeof(float)));
        _part = Reserve(ref _sums, part);
        return Floats(_all);
    }

    /// <summary>Sends each rank its part of this rank's numbers.</summary>
    public void Begin()
    {
        Memory<byte> terms = Reserve(ref _terms, ranks.Size * _part.Length);
        _exchange = ranks.Send(_all, _partBytes, terms, _termBytes);
    }

    /// <summary>Goes on with what has arrived, without waiting.</summary>
    /// <returns>Whether this rank's part of the sums is on its way.</returns>
    public bool Advance()
    {
        if (_collection is not null) ranks.HasArrived(_collection);
        else if (ranks.HasArrived(_exchange!)) SendSums();
        return _collection is not null;
    }

    /// <summary>Waits until this rank's part of the sums is on its way.</summary>
    public void FinishPart()
    {
        if (_collection is not null) return;
        ranks.Wait(_exchange!);
        SendSums();
    }

    /// <summary>Waits for the sums, after <see cref="FinishPart"/> of this sum and of all older ones.</summary>
    public ReadOnlySpan<float> Finish()
    {
        ranks.Wait(_collection!);
        _exchange = _collection = null;
        return Floats(_all);
    }

    private void SendSums()
    {
        Collective.Add(Floats(_terms.AsMemory(0, ranks.Size * _part.Length)), Floats(_part));
        _collection = ranks.Send(_part, _all, _partBytes);
    }

    private static Span<float> Floats(Memory<byte> memory) => MemoryMarshal.Cast<byte, float>(memory.Span);

    // Messages need memory that stays where it is.
    private static Memory<byte> Reserve(ref byte[] memory, int bytes)
    {
        if (memory.Length < bytes) memory = GC.AllocateUninitializedArray<byte>(bytes, pinned: true);
        return MemoryMarshal.CreateFromPinnedArray(memory, 0, bytes);
    }
}
