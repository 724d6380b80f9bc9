using ILGPU;
using Tessera.Cuda.Kernels;
using Tessera.Tensors.Devices;

namespace Tessera.Cuda;

public sealed partial class CudaDevice
{
    /// <inheritdoc/>
    public override void GroupNorm(
        in GroupNormGeometry geometry, Storage<float> x, Storage<float> gain, Storage<float> bias, bool relu,
        Storage<float> y, Storage<float> statistics)
    {
        var sizes = new GroupNormSizes(geometry, ColumnKernels.SliceRows(geometry.Pixels));
        Storage<float> scratch = RentDoubles(2 * geometry.Batch * sizes.Slices * sizes.Channels);
        _launcher.ForEachGroup(
            SliceGrid(geometry, sizes), _launcher.Threads,
            new GroupNormKernels.SliceMoments(sizes, View(x), AsDoubles(scratch)));
        _launcher.ForEachWarp(
            geometry.Batch * geometry.Groups,
            new GroupNormKernels.Statistics(sizes, View(x), AsDoubles(scratch), View(statistics)));
        Return(scratch);
        _launcher.ForEach(
            x.Length,
            new GroupNormKernels.Normalize(
                sizes, View(x), View(gain), View(bias), View(statistics), Flag(relu), View(y)));
    }

    /// <inheritdoc/>
    public override void GroupNormGradient(
        in GroupNormGeometry geometry, Storage<float> x, Storage<float> gain, Storage<float> statistics,
        Storage<float> gradY, Storage<float> gradX, bool accumulate, Storage<float> gradGain, bool accumulateGain,
        Storage<float> gradBias, bool accumulateBias)
    {
        var sizes = new GroupNormSizes(geometry, ColumnKernels.SliceRows(geometry.Pixels));
        Storage<float> scratch = RentDoubles(2 * geometry.Batch * sizes.Slices * sizes.Channels);
        Storage<float> means = Rent(statistics.Length);
        _launcher.ForEachGroup(
            SliceGrid(geometry, sizes), _launcher.Threads,
            new GroupNormKernels.SliceGradients(sizes, View(x), View(statistics), View(gradY), AsDoubles(scratch)));
        _launcher.ForEachWarp(
            geometry.Batch * geometry.Groups,
            new GroupNormKernels.GradientMeans(
                sizes, AsDoubles(scratch), View(gain), View(statistics), View(means)));
        _launcher.ForEachWarp(
            geometry.Channels,
            new GroupNormKernels.ChannelGradients(
                sizes, geometry.Batch, AsDoubles(scratch), View(statistics), View(gradGain), Flag(accumulateGain),
                View(gradBias), Flag(accumulateBias)));
        _launcher.ForEach(
            x.Length,
            new GroupNormKernels.Gradient(
                sizes, View(x), View(gain), View(statistics), View(means), View(gradY), View(gradX),
                Flag(accumulate)));
        Return(means);
        Return(scratch);
    }

    /// <summary>A group of threads for each 32 channels of each slice of each map.</summary>
    private static Index3D SliceGrid(in GroupNormGeometry geometry, GroupNormSizes sizes) => new(
        (sizes.Channels + ColumnKernels.Width - 1) / ColumnKernels.Width, sizes.Slices, geometry.Batch);
}
