using Tessera.Tensors.Devices;
namespace Tessera.Cuda;
public sealed partial class CudaDevice
{
    /// <inheritdoc/>
    public override void Conv2d(in Conv2dGeometry geometry, Storage<float> x, Storage<float> weight, in Epilogue epilogue, Storage<float> y) => throw new NotImplementedException();
    /// <inheritdoc/>
    public override void Conv2dTransposed(in Conv2dGeometry geometry, Storage<float> y, Storage<float> weight, in Epilogue epilogue, Storage<float> x) => throw new NotImplementedException();
    /// <inheritdoc/>
    public override void Conv2dWeightGradient(in Conv2dGeometry geometry, Storage<float> x, Storage<float> gradY, Storage<float> gradWeight, bool accumulate, Storage<float>? gradBias, bool accumulateBias) => throw new NotImplementedException();
    /// <inheritdoc/>
    public override void NearestRows(Storage<float> x, Storage<float> table, int tableRows, int columns, Storage<int> nearest) => throw new NotImplementedException();
    /// <inheritdoc/>
    public override void Orthogonalize(IReadOnlyList<(Storage<float> X, int Columns)> matrices) => throw new NotImplementedException();
    /// <inheritdoc/>
    public override void Attention(in AttentionGeometry geometry, Storage<float> projections, Storage<float> y, Storage<float> logSums) => throw new NotImplementedException();
    /// <inheritdoc/>
    public override void AttentionGradient(in AttentionGeometry geometry, Storage<float> projections, Storage<float> y, Storage<float> logSums, Storage<float> gradY, Storage<float> gradProjections) => throw new NotImplementedException();
}
