using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// Multi-head scaled dot-product attention within each sequence (Vaswani et al. 2017, section 3.2): in each head
    /// <c>y = softmax(q k^T / sqrt(head width)) v</c>. The scores of a whole batch are never in memory.
    /// Backward: <see cref="Device.AttentionGradient"/>.
    /// </summary>
    /// <param name="projections">
    /// Queries, keys and values side by side, <c>[batch, length, 3 * heads * head width]</c>.
    /// </param>
    /// <param name="heads">The number of heads, a divisor of the width.</param>
    /// <param name="causal">Whether a position attends to itself and those before it only.</param>
    /// <returns><c>[batch, length, heads * head width]</c>.</returns>
    /// <exception cref="ArgumentException">The width is not three times a multiple of the heads.</exception>
    public static Tensor Attention(this Tensor projections, int heads, bool causal)
    {
        AttentionGeometry geometry = Geometry(projections.Shape, heads, causal);
        Tensor y = Tape.Result([geometry.Batch, geometry.Length, geometry.Width], projections);
        Tensor logSums = Attend(geometry, projections, y);
        return Tape.Record(y, gradY =>
        {
            // The projections come from one linear map and go nowhere else.
            Storage<float> target = projections.Slot.Target(out bool accumulate);
            if (accumulate)
                throw new InvalidOperationException("projections have one reader: their gradient is written once");
            y.Device.AttentionGradient(
                geometry, projections.Storage, y.Storage, logSums.Storage, gradY.Storage, target);
        });
    }

    /// <summary>
    /// The same for some positions only, against all projections up to them: the bits are those of all positions
    /// together. Nothing is recorded.
    /// </summary>
    /// <param name="projections">
    /// <c>[batch, length, 3 * heads * head width]</c>; those after the last query need no values.
    /// </param>
    /// <param name="heads">The number of heads, a divisor of the width.</param>
    /// <param name="first">The first position.</param>
    /// <param name="y">Receives the results of its positions, <c>[batch, positions, heads * head width]</c>.</param>
    /// <exception cref="ArgumentException">The shapes do not fit together.</exception>
    public static void CausalAttention(this Tensor projections, int heads, int first, Tensor y)
    {
        AttentionGeometry all = Geometry(projections.Shape, heads, isCausal: true);
        if (y.Shape.Rank != 3 || y.Shape[0] != all.Batch || y.Shape[2] != all.Width || first < 0
            || first > all.Length - y.Shape[1])
            throw new ArgumentException(
                $"results {y.Shape} from position {first} on do not fit projections {projections.Shape}", nameof(y));
        CheckSameDevice(projections, y);
        Tensor logSums = Attend(all with { First = first, Count = y.Shape[1] }, projections, y);
        if (logSums.Tape is null) logSums.Dispose();
    }

    private static Tensor Attend(in AttentionGeometry geometry, Tensor projections, Tensor y)
    {
        Tensor logSums = Tape.Result([geometry.Batch, geometry.Heads, geometry.Count], y);
        y.Device.Attention(geometry, projections.Storage, y.Storage, logSums.Storage);
        return logSums;
    }

    private static AttentionGeometry Geometry(Shape projections, int heads, bool isCausal)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(heads, 1);
        if (projections.Rank != 3 || projections[2] % (3 * heads) != 0)
            throw new ArgumentException(
                $"projections are [batch, length, 3 * {heads} * head width], not {projections}");
        int length = projections[1];
        return new AttentionGeometry(
            projections[0], length, First: 0, length, heads, projections[2] / 3 / heads, isCausal);
    }
}
