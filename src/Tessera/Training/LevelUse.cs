using Tessera.Models;
using Tessera.Quantization;
using Tessera.Tensors;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Ops;

namespace Tessera.Training;

/// <summary>How a batch uses the codes, counted on the device: at each level, and over all of them.</summary>
internal sealed class LevelUse : IDisposable
{
    private readonly int _levels;
    private readonly Tensor _counts, _byLevel, _sums, _perplexity;

    /// <summary>Creates the counters of a model.</summary>
    public LevelUse(VqVaeOptions model, Device device)
    {
        _levels = model.Cell.Codebooks;
        _counts = Tensor.Zeros([model.Codes], device);
        _byLevel = Tensor.Zeros([_levels, 2], device);
        _sums = _levels == 1 ? _byLevel.Reshape([2]) : Tensor.Zeros([2], device);
        _perplexity = _levels == 1 ? _sums.Rows(0, 1) : Tensor.Zeros([1], device);
    }

    /// <summary>The perplexity of the last batch, the mean of its levels', a scalar.</summary>
    public Tensor Perplexity => _perplexity;

    /// <summary>The number of codes that the last batch used, over all levels, a scalar.</summary>
    public Tensor CodesUsed => _sums.Rows(1, 1);

    /// <summary>Counts the codes of a batch.</summary>
    public void Count(in Quantized quantized)
    {
        for (int i = 0; i < _levels; i++)
        {
            quantized.Levels[i].Codes.CountInto(_counts);
            _counts.PerplexityInto(_byLevel.Rows(i, 1));
        }
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
