using Tessera.Tensors.Devices;
namespace Tessera.Cuda;
public sealed partial class CudaDevice
{
    /// <inheritdoc/>
    public override void Attention(in AttentionGeometry geometry, Storage<float> projections, Storage<float> y, Storage<float> logSums) => throw new NotImplementedException();
    /// <inheritdoc/>
    public override void AttentionGradient(in AttentionGeometry geometry, Storage<float> projections, Storage<float> y, Storage<float> logSums, Storage<float> gradY, Storage<float> gradProjections) => throw new NotImplementedException();
}
