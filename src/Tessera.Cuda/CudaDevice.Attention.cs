using Tessera.Cuda.Kernels;
using Tessera.Tensors.Devices;

namespace Tessera.Cuda;

public sealed partial class CudaDevice
{
    /// <inheritdoc/>
    public override void Attention(
        in AttentionGeometry geometry, Storage<float> projections, Storage<float> y, Storage<float> logSums) =>
        _launcher.ForEachWarp(
            geometry.Batch * geometry.Heads * geometry.Count,
            new AttentionKernels.Forward(
                new AttentionSizes(geometry), View(projections), View(y), View(logSums)));

    /// <inheritdoc/>
    public override void AttentionGradient(
        in AttentionGeometry geometry, Storage<float> projections, Storage<float> y, Storage<float> logSums,
        Storage<float> gradY, Storage<float> gradProjections)
    {
        var sizes = new AttentionSizes(geometry);
        int items = geometry.Batch * geometry.Heads * geometry.Length;
        Storage<float> means = Rent(items);
        _launcher.ForEachWarp(
            items,
            new AttentionKernels.QueryGradient(
                sizes, View(projections), View(y), View(logSums), View(gradY), View(gradProjections), View(means)));
        _launcher.ForEachWarp(
            items,
            new AttentionKernels.KeyGradient(
                sizes, View(projections), View(logSums), View(gradY), View(gradProjections), View(means)));
        Return(means);
    }
}
