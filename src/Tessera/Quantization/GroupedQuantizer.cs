using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Ops;

namespace Tessera.Quantization;

/// <summary>
/// Grouped quantization, also called product quantization (Jegou et al. 2011; Yang et al., "HiFi-Codec", 2023, for
/// autoencoders): the dimensions of a vector are cut into groups of equal size, each with a quantizer of its own. A
/// cell's codes are those of the first group, then of the second, and so on. The loss is the mean of the groups'.
/// </summary>
public sealed class GroupedQuantizer : Quantizer
{
    private readonly Quantizer[] _groups;

    /// <summary>Creates the quantizer.</summary>
    /// <param name="groups">The number of groups, at least 1; it divides the dimensions of the vectors.</param>
    /// <param name="create">Creates the quantizer of a group.</param>
    public GroupedQuantizer(int groups, Func<Quantizer> create) =>
        _groups = [.. Enumerable.Range(0, groups).Select(i => Child($"_groups.{i}", create()))];

    /// <inheritdoc/>
    public override IReadOnlyList<Quantizer> Levels => [.. _groups.SelectMany(group => group.Levels)];

    internal override Device Device => _groups[0].Device;

    /// <inheritdoc/>
    public override Quantized Quantize(Tensor z, bool training)
    {
        Quantized[] parts = [.. Split(z).Select((part, i) => _groups[i].Quantize(part, training))];
        Tensor loss = parts[0].Loss;
        foreach (Quantized part in parts[1..]) loss = loss.Add(part.Loss);
        QuantizedLevel[] levels = [.. parts.SelectMany(part => part.Levels)];
        return new Quantized(
            TensorOperations.JoinColumns([.. parts.Select(part => part.Vectors)]), loss.Scale(1f / parts.Length),
            TensorOperations.JoinColumns([.. levels.Select(level => level.Codes)]), levels);
    }

    /// <inheritdoc/>
    public override Indices FindCodes(Tensor z) => z.OnTape(x => TensorOperations.JoinColumns(
        [.. Split(x).SelectMany((part, i) => LevelsOf(_groups[i], _groups[i].FindCodes(part)))]));

    /// <inheritdoc/>
    public override Tensor Lookup(Indices codes) => codes.OnTape(x =>
    {
        int first = 0;
        var parts = new List<Tensor>();
        foreach (Quantizer group in _groups)
        {
            int count = group.Levels.Count, start = first;
            parts.Add(group.Lookup(count == 1
                ? x.Column(start)
                : TensorOperations.JoinColumns([.. Enumerable.Range(start, count).Select(x.Column)])));
            first += count;
        }
        return TensorOperations.JoinColumns(parts);
    });

    /// <summary>The codes of each group, with zeros in the dimensions of the others.</summary>
    /// <inheritdoc/>
    public override Tensor Codebook(Tape tape)
    {
        Tensor[] books = [.. _groups.Select(group => group.Codebook(tape))];
        (int rows, int columns) = (books[0].Shape[0], books[0].Shape[1]);
        Tensor zeros = tape.Allocate([rows, columns]);
        zeros.Fill(0);
        return JoinRows(
        [
            .. books.Select((book, i) => TensorOperations.JoinColumns(
                [.. Enumerable.Range(0, books.Length).Select(j => j == i ? book : zeros)])),
        ]);
    }

    /// <inheritdoc/>
    public override void SetUpdates(long update, bool isSettled = false)
    {
        foreach (Quantizer group in _groups) group.SetUpdates(update, isSettled);
    }

    /// <inheritdoc/>
    public override void Share(UpdateBlock block)
    {
        foreach (Quantizer group in _groups) group.Share(block);
    }

    /// <inheritdoc/>
    public override void Prepare(bool learns = true)
    {
        foreach (Quantizer group in _groups) group.Prepare(learns);
    }

    /// <summary>The codes of each level of a group.</summary>
    private static IEnumerable<Indices> LevelsOf(Quantizer group, Indices codes) =>
        group.Levels.Count == 1 ? [codes] : Enumerable.Range(0, group.Levels.Count).Select(codes.Column);

    private IEnumerable<Tensor> Split(Tensor z)
    {
        if (z.Shape.Last % _groups.Length != 0)
            throw new ArgumentException(
                $"vectors of {z.Shape.Last} dimensions cannot be cut into {_groups.Length} groups of one size");
        int columns = z.Shape.Last / _groups.Length;
        return Enumerable.Range(0, _groups.Length).Select(i => z.Columns(i * columns, columns));
    }
}
