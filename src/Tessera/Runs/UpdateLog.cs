using Tessera.Tensors;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Distributed;
using Tessera.Tensors.Ops;

namespace Tessera.Runs;

/// <summary>
/// What the updates of a run measure, collected on the device: each update writes its numbers there, and
/// <see cref="Fetch"/> copies those of all updates since the last fetch to the host in one piece.
/// </summary>
public sealed class UpdateLog : IDisposable
{
    private readonly IReadOnlyList<Measure> _measures;
    private readonly int _capacity;
    private readonly BlockIntegers _position;
    private readonly Indices _row;
    private readonly Tensor _table;
    private readonly Tensor[] _columns;
    // The values of the update that are summed over the ranks, where there are several.
    private readonly Tensor? _means;
    private readonly BatchShare? _share;
    private readonly double[] _hostValues;
    private int _pending;

    /// <summary>Allocates the log.</summary>
    /// <param name="measures">What is measured.</param>
    /// <param name="capacity">The most updates between two fetches.</param>
    /// <param name="block">The block that holds the row of the update.</param>
    /// <param name="share">This process's part of the batches; null for all.</param>
    internal UpdateLog(
        IReadOnlyList<Measure> measures, int capacity, UpdateBlock block, BatchShare? share = null)
    {
        _measures = measures;
        _capacity = capacity;
        _position = block.ReserveIntegers(1);
        _row = _position.AsIndices(capacity);
        // A column per measure, one for the loss and one for the norm of the gradients.
        int columns = measures.Count + 2;
        _table = Tensor.Zeros([columns, capacity], block.Device);
        _columns = [.. Enumerable.Range(0, columns).Select(i => _table.Rows(i, 1).Reshape([capacity, 1]))];
        _hostValues = new double[measures.Count * capacity];
        Norm = Tensor.Zeros([1], block.Device);
        _share = share;
        if (share is not null) _means = Tensor.Zeros([columns], block.Device);
    }

    /// <summary>Receives the norm of the gradients, where they are clipped.</summary>
    internal Tensor Norm { get; }

    /// <summary>
    /// Records a measure of the update, on the device: a mean over the images of this process, of which the log gets
    /// the mean over all processes.
    /// </summary>
    /// <param name="measure">Its number in <see cref="Learner.Measures"/>.</param>
    /// <param name="value">A tensor of one element.</param>
    public void Record(int measure, Tensor value)
    {
        if (_share is null)
        {
            RecordWhole(measure, value);
            return;
        }
        Tensor mean = _means!.Rows(measure, 1);
        mean.Device.Scale(value.Storage, _share.Weight, mean.Storage, accumulate: false);
        _share.SumLater(() => RecordWhole(measure, mean), mean);
    }

    /// <summary>Records a measure of the whole batch, which all processes know, on the device.</summary>
    /// <param name="measure">Its number in <see cref="Learner.Measures"/>.</param>
    /// <param name="value">A tensor of one element.</param>
    public void RecordWhole(int measure, Tensor value) => _columns[measure].ScatterRows(_row, value);

    /// <summary>Records a measure of the whole batch that the host knows, after the update.</summary>
    /// <param name="measure">Its number in <see cref="Learner.Measures"/>.</param>
    /// <param name="value">The value.</param>
    public void Record(int measure, double value) => _hostValues[(_pending - 1) * _measures.Count + measure] = value;

    /// <summary>Frees the memory on the device.</summary>
    public void Dispose()
    {
        _table.Dispose();
        Norm.Dispose();
        _means?.Dispose();
    }

    /// <summary>Sets the row of the next update in the block.</summary>
    internal void Prepare() => _position.Values[0] = _pending++;

    /// <summary>Records the loss.</summary>
    internal void RecordLoss(Tensor loss) => Record(_measures.Count, loss);

    /// <summary>Records the norm of the gradients.</summary>
    internal void RecordNorm() => RecordWhole(_measures.Count + 1, Norm);

    /// <summary>The measures of the updates since the last call, oldest first.</summary>
    internal UpdateRecord[] Fetch()
    {
        if (_pending == 0) return [];
        float[] table = _table.ToArray();
        var records = new UpdateRecord[_pending];
        for (int row = 0; row < _pending; row++)
        {
            double[] values = new double[_measures.Count];
            for (int i = 0; i < values.Length; i++)
                values[i] = table[i * _capacity + row] + _hostValues[row * _measures.Count + i];
            records[row] = new UpdateRecord(
                values, table[_measures.Count * _capacity + row], table[(_measures.Count + 1) * _capacity + row]);
        }
        Array.Clear(_hostValues);
        _pending = 0;
        return records;
    }
}

/// <summary>What one update measured.</summary>
/// <param name="Values">The learner's measures.</param>
/// <param name="Loss">The loss.</param>
/// <param name="Norm">The norm of the gradients; 0 where they are not clipped.</param>
internal readonly record struct UpdateRecord(double[] Values, float Loss, float Norm);
