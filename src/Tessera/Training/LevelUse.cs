using Tessera.Models;
using Tessera.Quantization;
using Tessera.Tensors;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Distributed;
using Tessera.Tensors.Ops;

namespace Tessera.Training;

/// <summary>How a batch, of all ranks, uses the codes, counted on the device: at each level, and over all.</summary>
internal sealed class LevelUse : IDisposable
{
    private readonly int _levels;
    private readonly Tensor _counts, _byLevel, _sums, _perplexity;

    /// <summary>Creates the counters of a model.</summary>
    public LevelUse(VqVaeOptions model, Device device)
    {
        _levels = model.Cell.Codebooks;
        _counts = Tensor.Zeros([_levels, model.Codes], device);
        _byLevel = Tensor.Zeros([_levels, 2], device);
        _sums = _levels == 1 ? _byLevel.Reshape([2]) : Tensor.Zeros([2], device);
        _perplexity = _levels == 1 ? _sums.Rows(0, 1) : Tensor.Zeros([1], device);
    }

    /// <summary>The perplexity of the last batch, the mean of its levels', a scalar.</summary>
    public Tensor Perplexity => _perplexity;

    /// <summary>The number of codes that the last batch used, over all levels, a scalar.</summary>
    public Tensor CodesUsed => _sums.Rows(1, 1);

    /// <summary>Counts the codes of a batch.</summary>
    /// <param name="quantized">The codes.</param>
    /// <param name="share">This process's part of the batch; null for all.</param>
    /// <param name="then">Called when the results are there: with a share, at the end of the step.</param>
    public void Count(in Quantized quantized, BatchShare? share, Action then)
    {
        for (int i = 0; i < _levels; i++) quantized.Levels[i].Codes.CountInto(_counts.Rows(i, 1));
        if (share is null) Finish();
        else share.SumLater(Finish, _counts);

        void Finish()
        {
            MeasureCounts();
            then();
        }
    }

    private void MeasureCounts()
    {
        for (int i = 0; i < _levels; i++) _counts.Rows(i, 1).PerplexityInto(_byLevel.Rows(i, 1));
        if (_levels == 1) return;
        Device device = _counts.Device;
        device.ColumnSums(_byLevel.Storage, _levels, 2, _sums.Storage, accumulate: false);
        device.Scale(_sums.Rows(0, 1).Storage, 1f / _levels, _perplexity.Storage, accumulate: false);
    }

    public void Dispose()
    {
        _counts.Dispose();
        _byLevel.Dispose();
        if (_levels == 1) return;
        _sums.Dispose();
        _perplexity.Dispose();
    }
}
