using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Devices.Cpu;

namespace Tessera.Tests.Runs;

/// <summary>
/// A device that records the primitives of submitted work: their names and arguments, with storages as the place and
/// the length of their memory.
/// </summary>
internal sealed partial class RecordingDevice() : DelegatingDevice(new CpuDevice(1))
{
    private readonly Dictionary<object, int> _blocks = new(ReferenceEqualityComparer.Instance);
    private List<string>? _recorded;

    /// <summary>The delegates that were submitted.</summary>
    public List<Action> Submitted { get; } = [];

    /// <summary>The primitives of each piece of submitted work.</summary>
    public List<string[]> Primitives { get; } = [];

    public override void Submit(Action work)
    {
        Submitted.Add(work);
        _recorded = [];
        base.Submit(work);
        Primitives.Add([.. _recorded]);
        _recorded = null;
    }

    public override void Upload<T>(ReadOnlySpan<T> source, Storage<T> destination)
    {
        Note([destination]);
        base.Upload(source, destination);
    }

    public override void Download<T>(Storage<T> source, Span<T> destination)
    {
        Note([source]);
        base.Download(source, destination);
    }

    public override void Fill(Storage<float> destination, float value)
    {
        Note([destination, value]);
        base.Fill(destination, value);
    }

    public override void Conv2d(
         in Conv2dGeometry geometry, Storage<float> x, Storage<float> weight, in Epilogue epilogue,
        Storage<float> y)
    {
        Note([geometry, x, weight, epilogue, y]);
        base.Conv2d(geometry, x, weight, epilogue, y);
    }

    public override void Conv2dTransposed(
         in Conv2dGeometry geometry, Storage<float> y, Storage<float> weight, in Epilogue epilogue,
        Storage<float> x)
    {
        Note([geometry, y, weight, epilogue, x]);
        base.Conv2dTransposed(geometry, y, weight, epilogue, x);
    }

    public override void Conv2dWeightGradient(
         in Conv2dGeometry geometry, Storage<float> x, Storage<float> gradY, Storage<float> gradWeight,
        bool accumulate, Storage<float>? gradBias, bool accumulateBias)
    {
        Note([geometry, x, gradY, gradWeight, accumulate, gradBias, accumulateBias]);
        base.Conv2dWeightGradient(geometry, x, gradY, gradWeight, accumulate, gradBias, accumulateBias);
    }

    public override void ColumnSums(Storage<float> x, int rows, int columns, Storage<float> sums, bool accumulate)
    {
        Note([x, rows, columns, sums, accumulate]);
        base.ColumnSums(x, rows, columns, sums, accumulate);
    }

    public override void Relu(Storage<float> x, Storage<float> y)
    {
        Note([x, y]);
        base.Relu(x, y);
    }

    public override void ReluGradient(Storage<float> y, Storage<float> gradY, Storage<float> gradX, bool accumulate)
    {
        Note([y, gradY, gradX, accumulate]);
        base.ReluGradient(y, gradY, gradX, accumulate);
    }

    public override void Add(Storage<float> x, Storage<float> y, Storage<float> z)
    {
        Note([x, y, z]);
        base.Add(x, y, z);
    }

    public override void Scale(Storage<float> x, Number scale, Storage<float> y, bool accumulate)
    {
        Note([x, scale, y, accumulate]);
        base.Scale(x, scale, y, accumulate);
    }

    public override void MeanSquaredDifference(Storage<float> x, Storage<float> y, float weight, Storage<float> result)
    {
        Note([x, y, weight, result]);
        base.MeanSquaredDifference(x, y, weight, result);
    }

    public override void SquaredErrorGradients(
         Storage<float> x, Storage<float> y, Storage<float> upstream, in SquaredErrorSide xSide,
        in SquaredErrorSide ySide)
    {
        Note([x, y, upstream, xSide, ySide]);
        base.SquaredErrorGradients(x, y, upstream, xSide, ySide);
    }

    public override void ClipByNorm(IReadOnlyList<Storage<float>> tensors, float maxNorm, Storage<float> norm)
    {
        Note([tensors, maxNorm, norm]);
        base.ClipByNorm(tensors, maxNorm, norm);
    }

    public override void NearestRows(
         Storage<float> x, Storage<float> table, int tableRows, int columns, Storage<int> nearest)
    {
        Note([x, table, tableRows, columns, nearest]);
        base.NearestRows(x, table, tableRows, columns, nearest);
    }

    public override void GatherRows(Storage<float> table, int columns, Storage<int> indices, Storage<float> y)
    {
        Note([table, columns, indices, y]);
        base.GatherRows(table, columns, indices, y);
    }

    public override void ScatterRows(Storage<float> x, int columns, Storage<int> indices, Storage<float> table)
    {
        Note([x, columns, indices, table]);
        base.ScatterRows(x, columns, indices, table);
    }

    public override void ScatterAddRows(
         Storage<float> x, int columns, Storage<int> indices, Storage<float> table, bool accumulate)
    {
        Note([x, columns, indices, table, accumulate]);
        base.ScatterAddRows(x, columns, indices, table, accumulate);
    }

    public override void CountIndices(Storage<int> indices, Storage<float> counts)
    {
        Note([indices, counts]);
        base.CountIndices(indices, counts);
    }

    public override void Perplexity(Storage<float> counts, Storage<float> result)
    {
        Note([counts, result]);
        base.Perplexity(counts, result);
    }

    public override void SmoothSizes(Storage<float> sizes, double epsilon, Storage<float> smoothed)
    {
        Note([sizes, epsilon, smoothed]);
        base.SmoothSizes(sizes, epsilon, smoothed);
    }

    public override void MoveAverage(Storage<float> average, Storage<float> value, Number keep, Number add)
    {
        Note([average, value, keep, add]);
        base.MoveAverage(average, value, keep, add);
    }

    public override void DivideRows(Storage<float> x, Storage<float> divisors, int columns, Storage<float> y)
    {
        Note([x, divisors, columns, y]);
        base.DivideRows(x, divisors, columns, y);
    }

    public override void NormalizeRows(Storage<float> x, int columns, Storage<float> y)
    {
        Note([x, columns, y]);
        base.NormalizeRows(x, columns, y);
    }

    public override void NormalizeRowsGradient(
         Storage<float> x, Storage<float> gradY, int columns, Storage<float> gradX, bool accumulate)
    {
        Note([x, gradY, columns, gradX, accumulate]);
        base.NormalizeRowsGradient(x, gradY, columns, gradX, accumulate);
    }

    public override void RotationGradient(
         Storage<float> x, Storage<float> y, Storage<float> gradY, int columns, Storage<float> gradX,
        bool accumulate)
    {
        Note([x, y, gradY, columns, gradX, accumulate]);
        base.RotationGradient(x, y, gradY, columns, gradX, accumulate);
    }

    public override void Orthogonalize(IReadOnlyList<(Storage<float> X, int Columns)> matrices)
    {
        Note([matrices]);
        base.Orthogonalize(matrices);
    }

    public override void Adam(
         in AdamStep numbers, Storage<float> parameter, Storage<float> gradient, Storage<float> firstMoment,
        Storage<float> secondMoment)
    {
        Note([numbers, parameter, gradient, firstMoment, secondMoment]);
        base.Adam(numbers, parameter, gradient, firstMoment, secondMoment);
    }

    public override void CopyIndices(Storage<int> x, Storage<int> y)
    {
        Note([x, y]);
        base.CopyIndices(x, y);
    }

    public override void GatherImages(
         Storage<byte> images, in ImageLayout layout, Storage<int> numbers, Storage<float> y)
    {
        Note([images, layout, numbers, y]);
        base.GatherImages(images, layout, numbers, y);
    }

    public override void Dispose()
    {
        base.Dispose();
        Inner.Dispose();
    }

    public override void Gelu(Storage<float> x, Storage<float> y)
    {
        Note([x, y]);
        base.Gelu(x, y);
    }

    public override void GeluGradient(Storage<float> x, Storage<float> gradY, Storage<float> gradX, bool accumulate)
    {
        Note([x, gradY, gradX, accumulate]);
        base.GeluGradient(x, gradY, gradX, accumulate);
    }

    public override void LayerNorm(
        Storage<float> x, Storage<float> gain, Storage<float> bias, int columns, Storage<float> y,
        Storage<float> statistics)
    {
        Note([x, gain, bias, columns, y, statistics]);
        base.LayerNorm(x, gain, bias, columns, y, statistics);
    }

    public override void LayerNormGradient(
        Storage<float> x, Storage<float> gain, Storage<float> statistics, Storage<float> gradY, int columns,
        Storage<float> gradX, bool accumulate, Storage<float> gradGain, bool accumulateGain, Storage<float> gradBias,
        bool accumulateBias)
    {
        Note([x, gain, statistics, gradY, columns, gradX, accumulate, gradGain, accumulateGain, gradBias, accumulateBias]);
        base.LayerNormGradient(x, gain, statistics, gradY, columns, gradX, accumulate, gradGain, accumulateGain, gradBias, accumulateBias);
    }

    public override void Attention(
        in AttentionGeometry geometry, Storage<float> projections, Storage<float> y, Storage<float> logSums)
    {
        Note([geometry, projections, y, logSums]);
        base.Attention(geometry, projections, y, logSums);
    }

    public override void AttentionGradient(
        in AttentionGeometry geometry, Storage<float> projections, Storage<float> y, Storage<float> logSums,
        Storage<float> gradY, Storage<float> gradProjections)
    {
        Note([geometry, projections, y, logSums, gradY, gradProjections]);
        base.AttentionGradient(geometry, projections, y, logSums, gradY, gradProjections);
    }

    public override void CrossEntropy(
        Storage<float> logits, int columns, Storage<int> targets, Storage<float> losses, Storage<float> logSums)
    {
        Note([logits, columns, targets, losses, logSums]);
        base.CrossEntropy(logits, columns, targets, losses, logSums);
    }

    public override void CrossEntropyGradient(
        Storage<float> logits, int columns, Storage<int> targets, Storage<float> logSums, Storage<float> upstream,
        Storage<float> gradLogits, bool accumulate)
    {
        Note([logits, columns, targets, logSums, upstream, gradLogits, accumulate]);
        base.CrossEntropyGradient(logits, columns, targets, logSums, upstream, gradLogits, accumulate);
    }

    public override void Dropout(in DropoutMask mask, Storage<float> x, Storage<float> y, bool accumulate)
    {
        Note([mask, x, y, accumulate]);
        base.Dropout(mask, x, y, accumulate);
    }

    public override void GatherSequences(
        Storage<int> sequences, int length, Storage<int> numbers, Storage<int> firsts, Storage<int> inputs,
        Storage<int> targets)
    {
        Note([sequences, length, numbers, firsts, inputs, targets]);
        base.GatherSequences(sequences, length, numbers, firsts, inputs, targets);
    }

    private void Note(object?[] arguments, [CallerMemberName] string primitive = "") =>
        _recorded?.Add($"{primitive}({string.Join(", ", arguments.Select(Text))})");

    private string Text(object? argument) => argument switch
    {
        null => "none",
        Storage<float> storage => Place(storage),
        Storage<int> storage => Place(storage),
        Storage<byte> storage => Place(storage),
        Number { Block: null } number => $"{number.Constant:R}",
        Number number => $"number {number.Place} of {Place(number.Block!.Storage)}",
        IEnumerable list => $"[{string.Join(", ", list.Cast<object?>().Select(Text))}]",
        IFormattable or bool => $"{argument}",
        // A record of arguments, or a tuple.
        _ => $"({string.Join(", ", Parts(argument).Select(Text))})",
    };

    private static IEnumerable<object?> Parts(object record) => record is ITuple tuple
        ? Enumerable.Range(0, tuple.Length).Select(i => tuple[i])
        : record.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Select(property => property.GetValue(record));

    /// <summary>The array of a storage of the processor, by its number, and the elements in it.</summary>
    private string Place<T>(Storage<T> storage) where T : unmanaged
    {
        var memory = (Memory<T>)storage.GetType().GetProperty("Memory")!.GetValue(storage)!;
        Assert.True(MemoryMarshal.TryGetArray((ReadOnlyMemory<T>)memory, out ArraySegment<T> part));
        if (!_blocks.TryGetValue(part.Array!, out int block)) _blocks.Add(part.Array!, block = _blocks.Count);
        return $"{typeof(T).Name} {block}:{part.Offset}+{part.Count}";
    }
}
