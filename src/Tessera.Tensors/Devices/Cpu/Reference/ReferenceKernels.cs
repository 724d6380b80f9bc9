namespace Tessera.Tensors.Devices.Cpu.Reference;

/// <summary>
/// Every kernel as a plain loop over the formula of its <see cref="Device"/> primitive, on one thread: the fallback
/// where there is no faster kernel, and the reference in the tests of the fast ones. Sums are computed in double
/// precision, unless the primitive specifies float32.
/// </summary>
internal partial class ReferenceKernels
{
    // The smallest divisor of PyTorch's functional.normalize.
    internal const double ShortestRow = 1e-12;

    /// <summary>The name of these kernels in <c>TESSERA_KERNELS</c> and in descriptions.</summary>
    public virtual string Name => "reference";

    public virtual void Conv2d(
        in Conv2dGeometry g, ReadOnlySpan<float> x, ReadOnlySpan<float> weight, in EpilogueSpans epilogue,
        Span<float> y) =>
        ReferenceConvolution.Forward(g, x, weight, epilogue, y);

    public virtual void Conv2dTransposed(
        in Conv2dGeometry g, ReadOnlySpan<float> y, ReadOnlySpan<float> weight, in EpilogueSpans epilogue,
        Span<float> x) =>
        ReferenceConvolution.Transposed(g, y, weight, epilogue, x);

    public virtual void Conv2dWeightGradient(
        in Conv2dGeometry g, ReadOnlySpan<float> x, ReadOnlySpan<float> gradY, Span<float> gradWeight,
        bool accumulate, Span<float> gradBias, bool accumulateBias)
    {
        ReferenceConvolution.WeightGradient(g, x, gradY, gradWeight, accumulate);
        if (!gradBias.IsEmpty)
            ColumnSums(gradY, g.Batch * g.OutHeight * g.OutWidth, g.OutChannels, gradBias, accumulateBias);
    }

    public virtual void ColumnSums(ReadOnlySpan<float> x, int rows, int columns, Span<float> sums, bool accumulate)
    {
        for (int column = 0; column < columns; column++)
        {
            double sum = accumulate ? sums[column] : 0;
            for (int row = 0; row < rows; row++) sum += x[row * columns + column];
            sums[column] = (float)sum;
        }
    }

    public virtual void Relu(ReadOnlySpan<float> x, Span<float> y)
    {
        for (int i = 0; i < x.Length; i++) y[i] = MathF.Max(x[i], 0);
    }

    public virtual void ReluGradient(
        ReadOnlySpan<float> y, ReadOnlySpan<float> gradY, Span<float> gradX, bool accumulate)
    {
        for (int i = 0; i < y.Length; i++) gradX[i] = (accumulate ? gradX[i] : 0) + (y[i] > 0 ? gradY[i] : 0);
    }

    public virtual void Add(ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> z)
    {
        for (int i = 0; i < x.Length; i++) z[i] = x[i] + y[i % y.Length];
    }

    public virtual void Scale(ReadOnlySpan<float> x, float scale, Span<float> y, bool accumulate)
    {
        for (int i = 0; i < x.Length; i++) y[i] = accumulate ? y[i] + scale * x[i] : scale * x[i];
    }

    public virtual double SumOfSquares(ReadOnlySpan<float> x) => Dot(x, x);

    public virtual double SumOfSquaredDifferences(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        double sum = 0;
        for (int i = 0; i < x.Length; i++) sum += ((double)x[i] - y[i]) * ((double)x[i] - y[i]);
        return sum;
    }

    public virtual void ScaledDifference(
        ReadOnlySpan<float> x, ReadOnlySpan<float> y, float scale, Span<float> z, bool accumulate)
    {
        for (int i = 0; i < x.Length; i++) z[i] = (accumulate ? z[i] : 0) + scale * (x[i] - y[i]);
    }

    public virtual void SquaredErrorGradients(
        ReadOnlySpan<float> x, ReadOnlySpan<float> y,
        float scaleX, Span<float> gradX, bool accumulateX, float scaleY, Span<float> gradY, bool accumulateY)
    {
        ScaledDifference(x, y, scaleX, gradX, accumulateX);
        ScaledDifference(y, x, scaleY, gradY, accumulateY);
    }

    public virtual void NearestRows(
        ReadOnlySpan<float> x, ReadOnlySpan<float> table, int tableRows, int columns, Span<int> nearest)
    {
        for (int row = 0; row < nearest.Length; row++)
        {
            double least = double.PositiveInfinity;
            nearest[row] = 0;
            for (int k = 0; k < tableRows; k++)
            {
                double distance = SumOfSquaredDifferences(
                    x.Slice(row * columns, columns), table.Slice(k * columns, columns));
                if (distance < least) (least, nearest[row]) = (distance, k);
            }
        }
    }

    public virtual void GatherRows(ReadOnlySpan<float> table, int columns, ReadOnlySpan<int> indices, Span<float> y)
    {
        for (int i = 0; i < indices.Length; i++)
        {
            table.Slice(indices[i] * columns, columns).CopyTo(y.Slice(i * columns, columns));
        }
    }

    public virtual void ScatterRows(ReadOnlySpan<float> x, int columns, ReadOnlySpan<int> indices, Span<float> table)
    {
        for (int i = 0; i < indices.Length; i++)
        {
            x.Slice(i * columns, columns).CopyTo(table.Slice(indices[i] * columns, columns));
        }
    }

    public virtual void ScatterAddRows(
        ReadOnlySpan<float> x, int columns, ReadOnlySpan<int> indices, Span<float> table, bool accumulate)
    {
        if (!accumulate) table.Clear();
        for (int i = 0; i < indices.Length; i++)
        {
            for (int column = 0; column < columns; column++)
            {
                table[indices[i] * columns + column] += x[i * columns + column];
            }
        }
    }

    public virtual void CountIndices(ReadOnlySpan<int> indices, Span<float> counts)
    {
        counts.Clear();
        foreach (int index in indices) counts[index]++;
    }

    public virtual void Perplexity(ReadOnlySpan<float> counts, Span<float> result)
    {
        double total = 0, entropy = 0;
        foreach (float count in counts) total += count;
        int used = 0;
        foreach (float count in counts)
        {
            double p = total == 0 ? 0 : count / total;
            entropy -= p * Math.Log(p + 1e-10);
            if (count > 0) used++;
        }
        (result[0], result[1]) = ((float)Math.Exp(entropy), used);
    }

    public virtual void SmoothSizes(ReadOnlySpan<float> sizes, double epsilon, Span<float> smoothed)
    {
        double total = 0;
        foreach (float size in sizes) total += size;
        for (int k = 0; k < sizes.Length; k++)
            smoothed[k] = (float)((sizes[k] + epsilon) / (total + sizes.Length * epsilon) * total);
    }

    public virtual void MoveAverage(Span<float> average, ReadOnlySpan<float> value, float keep, float add)
    {
        for (int i = 0; i < average.Length; i++) average[i] = keep * average[i] + add * value[i];
    }

    public virtual void DivideRows(ReadOnlySpan<float> x, ReadOnlySpan<float> divisors, int columns, Span<float> y)
    {
        for (int i = 0; i < x.Length; i++)
        {
            if (divisors[i / columns] != 0) y[i] = x[i] / divisors[i / columns];
        }
    }

    public virtual void NormalizeRows(ReadOnlySpan<float> x, int columns, Span<float> y)
    {
        for (int start = 0; start < x.Length; start += columns)
        {
            double length = Length(x.Slice(start, columns));
            for (int i = start; i < start + columns; i++) y[i] = (float)(x[i] / length);
        }
    }

    public virtual void NormalizeRowsGradient(
        ReadOnlySpan<float> x, ReadOnlySpan<float> gradY, int columns, Span<float> gradX, bool accumulate)
    {
        for (int start = 0; start < x.Length; start += columns)
        {
            ReadOnlySpan<float> row = x.Slice(start, columns), gradient = gradY.Slice(start, columns);
            double length = Length(row), along = Dot(row, gradient) / (length * length);
            for (int i = 0; i < columns; i++)
            {
                gradX[start + i] = (accumulate ? gradX[start + i] : 0)
                    + (float)((gradient[i] - row[i] * along) / length);
            }
        }
    }

    public virtual void RotationGradient(
        ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> gradY, int columns, Span<float> gradX,
        bool accumulate)
    {
        for (int start = 0; start < x.Length; start += columns)
        {
            ReadOnlySpan<float> from = x.Slice(start, columns), to = y.Slice(start, columns);
            ReadOnlySpan<float> gradient = gradY.Slice(start, columns);
            double fromLength = Length(from), toLength = Length(to);
            // |y^ + x^|^2 = 2 + 2 y^ . x^
            double bisector = 2 + 2 * Dot(from, to) / (fromLength * toLength);
            bool isDefined = fromLength > ShortestRow && toLength > ShortestRow && bisector > 1e-12;
            double alongFrom = Dot(from, gradient) / fromLength, alongTo = Dot(to, gradient) / toLength;
            double reflected = 2 * (alongFrom + alongTo) / bisector;
            for (int i = 0; i < columns; i++)
            {
                double unitFrom = from[i] / fromLength, unitTo = to[i] / toLength;
                double rotated = gradient[i] - reflected * (unitFrom + unitTo) + 2 * unitFrom * alongTo;
                gradX[start + i] = (accumulate ? gradX[start + i] : 0)
                    + (isDefined ? (float)(toLength / fromLength * rotated) : gradient[i]);
            }
        }
    }

    public virtual void Orthogonalize(IReadOnlyList<(Memory<float> X, int Columns)> matrices)
    {
        foreach ((Memory<float> x, int columns) in matrices) ReferenceOrthogonalization.Run(x.Span, columns);
    }

    public virtual void Adam(
        in AdamStep step, Span<float> parameter, ReadOnlySpan<float> gradient,
        Span<float> firstMoment, Span<float> secondMoment)
    {
        float stepSize = step.StepSize.Constant, correction = step.SecondCorrection.Constant;
        float decay = step.ParameterDecay.Constant;
        for (int i = 0; i < parameter.Length; i++)
        {
            float g = gradient[i];
            float m = firstMoment[i] = step.Beta1 * firstMoment[i] + step.FirstRest * g;
            float v = secondMoment[i] = step.Beta2 * secondMoment[i] + step.SecondRest * g * g;
            float change = stepSize * m / (MathF.Sqrt(v) / correction + step.Epsilon);
            parameter[i] = decay * parameter[i] - change;
        }
    }

    public virtual void GatherImages(
        ReadOnlySpan<byte> images, in ImageLayout layout, ReadOnlySpan<int> numbers, Span<float> y)
    {
        int channels = layout.Channels, rowLength = layout.Width * channels, count = images.Length / layout.Length;
        for (int i = 0; i < y.Length; i++)
        {
            (int image, int inImage) = Math.DivRem(i, layout.Length);
            (int isMirrored, int number) = Math.DivRem(numbers[image], count);
            int from = number * layout.Length + inImage, column = inImage % rowLength / channels;
            if (isMirrored == 1) from += (layout.Width - 1 - 2 * column) * channels;
            y[i] = images[from] / 255f - 0.5f;
        }
    }

    private static double Dot(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        double sum = 0;
        for (int i = 0; i < x.Length; i++) sum += (double)x[i] * y[i];
        return sum;
    }

    private static double Length(ReadOnlySpan<float> row) => Math.Max(Math.Sqrt(Dot(row, row)), ShortestRow);
}
