namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>
/// The bias gradient of a convolution, the column sums of its upstream gradient. Each band is summed just before the
/// weight gradient reads it, so that it comes from memory once; the bands' sums are added up in their order.
/// </summary>
internal readonly unsafe struct BiasGradient<TSimd, TVector> : IDisposable
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    private readonly float* _gradient;
    private readonly int _bands, _channels;
    private readonly Scratch _sums;

    /// <summary>Takes memory for the sums of the bands, if <paramref name="gradient"/> is not null.</summary>
    public BiasGradient(float* gradient, int bands, int channels)
    {
        _gradient = gradient;
        (_bands, _channels) = (bands, channels);
        if (gradient is not null) _sums = new Scratch(2L * bands * channels);
    }

    private double* Sums => (double*)_sums.Floats;

    /// <summary>Sums the pixels of a band, which follow each other in memory.</summary>
    public void SumBand(int band, float* pixels, int count)
    {
        if (_gradient is not null)
            ElementKernels<TSimd, TVector>.ColumnSums(pixels, count, _channels, Sums + (nint)band * _channels);
    }

    /// <summary>Adds the bands' sums up and writes them to the gradient.</summary>
    public void Write(bool accumulate)
    {
        if (_gradient is null) return;
        for (int channel = 0; channel < _channels; channel++)
        {
            double sum = accumulate ? _gradient[channel] : 0;
            for (int band = 0; band < _bands; band++) sum += Sums[(nint)band * _channels + channel];
            _gradient[channel] = (float)sum;
        }
    }

    public void Dispose()
    {
        if (_gradient is not null) _sums.Dispose();
    }
}
