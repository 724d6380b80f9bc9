using static TorchSharp.torch;

namespace Tessera.Benchmarks.Libtorch;

/// <summary>
/// The order of images and kernels in memory. TorchSharp cannot ask for libtorch's <c>channels_last</c> by name, but
/// libtorch knows it by a tensor's strides: those of a contiguous NHWC tensor that is permuted to NCHW.
/// </summary>
internal readonly record struct MemoryLayout(bool IsChannelsLast)
{
    /// <summary>An NCHW tensor in this layout.</summary>
    public Tensor Apply(Tensor nchw) =>
        IsChannelsLast ? nchw.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2) : nchw.contiguous();

    /// <summary>A contiguous NHWC tensor as NCHW in this layout: not copied where that is channels_last.</summary>
    public Tensor FromNhwc(Tensor nhwc)
    {
        Tensor nchw = nhwc.permute(0, 3, 1, 2);
        return IsChannelsLast ? nchw : nchw.contiguous();
    }
}
