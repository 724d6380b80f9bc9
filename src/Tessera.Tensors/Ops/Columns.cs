using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// Some columns: <c>y[i,c] = x[i, first + c]</c>. Backward: <c>dx[i, first + c] = dy[i,c]</c>, 0 elsewhere.
    /// </summary>
    /// <param name="x">Any shape with the columns innermost.</param>
    /// <param name="first">The first column.</param>
    /// <param name="count">The number of columns, at least 1.</param>
    /// <returns>The shape of x with so many columns.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There are no such columns.</exception>
    public static Tensor Columns(this Tensor x, int first, int count)
    {
        var columns = new ColumnRange(x.Shape.Last, first, count);
        Check(columns);
        Tensor y = Tape.Result(x.Shape.WithoutLast().WithRows(count), x);
        var all = new ColumnRange(count, 0, count);
        Device device = y.Device;
        device.CopyColumns(x.Storage, columns, y.Storage, all, accumulate: false);
        return Tape.Record(y, gradY =>
        {
            Storage<float> gradX = x.Slot.Target(out bool accumulate);
            if (!accumulate) device.Fill(gradX, 0);
            device.CopyColumns(gradY.Storage, all, gradX, columns, accumulate: true);
        });
    }

    /// <summary>
    /// The columns of tensors side by side. Backward: each gets the gradient of its columns.
    /// </summary>
    /// <param name="parts">At least one tensor; their shapes differ in the innermost size only.</param>
    /// <returns>Their shape with all columns innermost.</returns>
    /// <exception cref="ArgumentException">The shapes, tapes or devices do not fit together.</exception>
    public static Tensor JoinColumns(params IReadOnlyList<Tensor> parts)
    {
        Shape rows = parts[0].Shape.WithoutLast();
        foreach (Tensor part in parts) CheckShape(part, rows.WithRows(part.Shape.Last));
        int columns = parts.Sum(part => part.Shape.Last);
        Tensor y = Tape.Result(rows.WithRows(columns), [.. parts]);
        Device device = y.Device;
        ForEach((part, all, own) => device.CopyColumns(part.Storage, own, y.Storage, all, accumulate: false));
        return Tape.Record(y, gradY => ForEach((part, all, own) =>
        {
            if (!part.RequiresGradient) return;
            Storage<float> gradient = part.Slot.Target(out bool accumulate);
            device.CopyColumns(gradY.Storage, all, gradient, own, accumulate);
        }));

        void ForEach(Action<Tensor, ColumnRange, ColumnRange> copy)
        {
            int first = 0;
            foreach (Tensor part in parts)
            {
                int count = part.Shape.Last;
                copy(part, new ColumnRange(columns, first, count), new ColumnRange(count, 0, count));
                first += count;
            }
        }
    }

    /// <summary>Some columns of indices: <c>y[i,c] = x[i, first + c]</c>.</summary>
    /// <param name="x">Any shape with the columns innermost.</param>
    /// <param name="first">The first column.</param>
    /// <param name="count">The number of columns, at least 1.</param>
    /// <returns>
    /// The shape of x with so many columns, on its tape; without a tape, the caller disposes it.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">There are no such columns.</exception>
    public static Indices Columns(this Indices x, int first, int count)
    {
        var columns = new ColumnRange(x.Shape.Last, first, count);
        Check(columns);
        Indices y = Tape.IndexResult(x.Shape.WithoutLast().WithRows(count), x.Limit, x);
        y.Device.CopyIndexColumns(x.Storage, columns, y.Storage, new ColumnRange(count, 0, count));
        return y;
    }

    /// <summary>One column of indices: <c>y[i] = x[i, column]</c>.</summary>
    /// <param name="x">Any shape with the columns innermost.</param>
    /// <param name="column">The column.</param>
    /// <returns>
    /// The shape of x without its innermost size, on its tape; without a tape, the caller disposes it.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such column.</exception>
    public static Indices Column(this Indices x, int column)
    {
        var range = new ColumnRange(x.Shape.Last, column, 1);
        Check(range);
        Indices y = Tape.IndexResult(x.Shape.WithoutLast(), x.Limit, x);
        y.Device.CopyIndexColumns(x.Storage, range, y.Storage, new ColumnRange(1, 0, 1));
        return y;
    }

    /// <summary>Indices side by side, each a column: <c>y[i, c] = parts[c][i]</c>.</summary>
    /// <param name="parts">At least one, all of one shape of rank 0 to 3.</param>
    /// <returns>Their shape with the columns innermost.</returns>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public static Indices JoinColumns(params IReadOnlyList<Indices> parts)
    {
        Shape rows = parts[0].Shape;
        foreach (Indices part in parts)
        {
            if (part.Shape != rows) throw new ArgumentException($"the shapes {rows} and {part.Shape} differ");
        }
        Indices y = Tape.IndexResult(rows.WithRows(parts.Count), parts.Max(part => part.Limit), parts[0]);
        for (int column = 0; column < parts.Count; column++)
            y.Device.CopyIndexColumns(
                parts[column].Storage, new ColumnRange(1, 0, 1), y.Storage, new ColumnRange(parts.Count, column, 1));
        return y;
    }

    private static void Check(ColumnRange range)
    {
        if (range.First < 0 || range.Count < 1 || range.First > range.Columns - range.Count)
            throw new ArgumentOutOfRangeException(
                nameof(range), range.First,
                $"columns {range.First} to {range.First + range.Count - 1} are not among {range.Columns}");
    }
}
