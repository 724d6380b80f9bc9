namespace Tessera.Tensors.Devices.Cpu.Reference;

internal partial class ReferenceKernels
{
    public virtual void MaxPool(in PoolGeometry g, ReadOnlySpan<float> x, Span<float> y)
    {
        for (int image = 0; image < g.Batch; image++)
        {
            ReadOnlySpan<float> from = x.Slice(image * g.InLength, g.InLength);
            Span<float> to = y.Slice(image * g.OutLength, g.OutLength);
            for (int i = 0; i < to.Length; i++)
            {
                float largest = float.NegativeInfinity;
                foreach (int place in new Window(g, i)) largest = Math.Max(largest, from[place]);
                to[i] = largest;
            }
        }
    }

    public virtual void MaxPoolGradient(
        in PoolGeometry g, ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> gradY, Span<float> gradX,
        bool accumulate)
    {
        if (!accumulate) gradX.Clear();
        for (int i = 0; i < y.Length; i++)
        {
            (int image, int inImage) = Math.DivRem(i, g.OutLength);
            foreach (int place in new Window(g, inImage))
            {
                int at = image * g.InLength + place;
                if (y[i] > x[at]) continue;
                gradX[at] += gradY[i];
                break;
            }
        }
    }

    public virtual void AveragePool(in PoolGeometry g, ReadOnlySpan<float> x, Span<float> y)
    {
        for (int i = 0; i < y.Length; i++)
        {
            (int image, int inImage) = Math.DivRem(i, g.OutLength);
            var window = new Window(g, inImage);
            double sum = 0;
            foreach (int place in window) sum += x[image * g.InLength + place];
            y[i] = (float)(sum / window.Count);
        }
    }

    public virtual void AveragePoolGradient(
        in PoolGeometry g, ReadOnlySpan<float> gradY, Span<float> gradX, bool accumulate)
    {
        if (!accumulate) gradX.Clear();
        for (int i = 0; i < gradY.Length; i++)
        {
            (int image, int inImage) = Math.DivRem(i, g.OutLength);
            var window = new Window(g, inImage);
            float share = gradY[i] / window.Count;
            foreach (int place in window) gradX[image * g.InLength + place] += share;
        }
    }

    public virtual double SumOfUnitRowDistances(ReadOnlySpan<float> x, ReadOnlySpan<float> y, int columns)
    {
        double sum = 0;
        for (int start = 0; start < x.Length; start += columns)
        {
            ReadOnlySpan<float> left = x.Slice(start, columns), right = y.Slice(start, columns);
            double leftLength = Length(left), rightLength = Length(right);
            for (int i = 0; i < columns; i++)
            {
                double difference = left[i] / leftLength - right[i] / rightLength;
                sum += difference * difference;
            }
        }
        return sum;
    }

    public virtual void UnitRowDistanceGradient(
        ReadOnlySpan<float> x, ReadOnlySpan<float> y, int columns, float scale, Span<float> gradY, bool accumulate)
    {
        for (int start = 0; start < x.Length; start += columns)
        {
            ReadOnlySpan<float> left = x.Slice(start, columns), right = y.Slice(start, columns);
            double leftLength = Length(left), rightLength = Length(right);
            double cosine = Dot(left, right) / (leftLength * rightLength);
            for (int i = 0; i < columns; i++)
            {
                double gradient = rightLength > ShortestRow
                    ? scale * (right[i] / rightLength * cosine - left[i] / leftLength) / rightLength
                    : 0;
                gradY[start + i] = (accumulate ? gradY[start + i] : 0) + (float)gradient;
            }
        }
    }

    public virtual void Multiply(
        ReadOnlySpan<float> x, ReadOnlySpan<float> y, float scale, Span<float> z, bool accumulate)
    {
        for (int i = 0; i < x.Length; i++)
        {
            float product = scale * x[i] * y[i];
            z[i] = accumulate ? z[i] + product : product;
        }
    }

    public virtual void Divide(ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> z, bool accumulate)
    {
        for (int i = 0; i < x.Length; i++)
        {
            float quotient = x[i] / y[i];
            z[i] = accumulate ? z[i] + quotient : quotient;
        }
    }

    /// <summary>The places, in an image of the input, of the window of an element of the output, row by row.</summary>
    private ref struct Window
    {
        private readonly PoolGeometry _geometry;
        private readonly int _channel, _firstColumn, _endColumn, _endRow, _firstRow;
        private int _row, _column;

        public Window(in PoolGeometry geometry, int element)
        {
            _geometry = geometry;
            (int pixel, _channel) = Math.DivRem(element, geometry.Channels);
            (int outRow, int outColumn) = Math.DivRem(pixel, geometry.OutWidth);
            (_firstRow, _endRow) = geometry.Rows(outRow);
            (_firstColumn, _endColumn) = geometry.Columns(outColumn);
            (_row, _column) = (_firstRow, _firstColumn - 1);
        }

        public readonly int Count => (_endRow - _firstRow) * (_endColumn - _firstColumn);

        public readonly int Current => (_row * _geometry.InWidth + _column) * _geometry.Channels + _channel;

        public bool MoveNext()
        {
            if (++_column == _endColumn) (_row, _column) = (_row + 1, _firstColumn);
            return _row < _endRow;
        }

        public readonly Window GetEnumerator() => this;
    }
}
