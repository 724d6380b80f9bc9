namespace Tessera.Tensors.Devices.Cpu.Reference;

/// <summary>
/// Attention as plain loops, in double precision; see <see cref="Device.Attention"/> for the formulas.
/// </summary>
internal static class ReferenceAttention
{
    public static void Forward(
        in AttentionGeometry g, ReadOnlySpan<float> projections, Span<float> y, Span<float> logSums)
    {
        double[] p = new double[g.Length];
        for (int item = 0; item < g.Batch * g.Heads * g.Count; item++)
        {
            (int sequence, int head, int query) =
                (item / g.Count / g.Heads, item / g.Count % g.Heads, item % g.Count);
            int position = g.First + query, keys = g.Keys(position);
            ReadOnlySpan<float> q = Vector(g, projections, sequence, position, 0, head);
            for (int j = 0; j < keys; j++) p[j] = g.Scale * Dot(q, Vector(g, projections, sequence, j, 1, head));
            double largest = p.AsSpan(0, keys).ToArray().Max(), sum = 0;
            for (int j = 0; j < keys; j++) sum += p[j] = Math.Exp(p[j] - largest);
            logSums[item] = (float)(largest + Math.Log(sum));
            Span<float> result = y.Slice((sequence * g.Count + query) * g.Width + head * g.HeadWidth, g.HeadWidth);
            for (int c = 0; c < g.HeadWidth; c++)
            {
                double value = 0;
                for (int j = 0; j < keys; j++) value += p[j] * Vector(g, projections, sequence, j, 2, head)[c];
                result[c] = (float)(value / sum);
            }
        }
    }

    public static void Gradient(
        in AttentionGeometry g, ReadOnlySpan<float> projections, ReadOnlySpan<float> y, ReadOnlySpan<float> logSums,
        ReadOnlySpan<float> gradY, Span<float> gradProjections)
    {
        double[] sums = new double[gradProjections.Length];
        for (int item = 0; item < g.Batch * g.Heads * g.Length; item++)
        {
            (int sequence, int head, int i) =
                (item / g.Length / g.Heads, item / g.Length % g.Heads, item % g.Length);
            int start = (sequence * g.Length + i) * g.Width + head * g.HeadWidth;
            ReadOnlySpan<float> dy = gradY.Slice(start, g.HeadWidth);
            ReadOnlySpan<float> q = Vector(g, projections, sequence, i, 0, head);
            Span<double> dq = sums.AsSpan(Place(g, sequence, i, 0, head), g.HeadWidth);
            double mean = Dot(dy, y.Slice(start, g.HeadWidth));
            for (int j = 0; j < g.Keys(i); j++)
            {
                ReadOnlySpan<float> k = Vector(g, projections, sequence, j, 1, head);
                double p = Math.Exp(g.Scale * Dot(q, k) - logSums[item]);
                double ds = g.Scale * p * (Dot(dy, Vector(g, projections, sequence, j, 2, head)) - mean);
                Span<double> dk = sums.AsSpan(Place(g, sequence, j, 1, head), g.HeadWidth);
                Span<double> dv = sums.AsSpan(Place(g, sequence, j, 2, head), g.HeadWidth);
                for (int c = 0; c < g.HeadWidth; c++)
                {
                    dq[c] += ds * k[c];
                    dk[c] += ds * q[c];
                    dv[c] += p * dy[c];
                }
            }
        }
        for (int i = 0; i < sums.Length; i++) gradProjections[i] = (float)sums[i];
    }

    /// <summary>The query (0), key (1) or value (2) of a position in a head.</summary>
    private static ReadOnlySpan<float> Vector(
        in AttentionGeometry g, ReadOnlySpan<float> projections, int sequence, int position, int kind, int head) =>
        projections.Slice(Place(g, sequence, position, kind, head), g.HeadWidth);

    private static int Place(in AttentionGeometry g, int sequence, int position, int kind, int head) =>
        ((sequence * g.Length + position) * 3 + kind) * g.Width + head * g.HeadWidth;

    private static double Dot(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        double sum = 0;
        for (int i = 0; i < x.Length; i++) sum += (double)x[i] * y[i];
        return sum;
    }
}
