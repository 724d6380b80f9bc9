namespace Tessera.Tensors.Devices;

/// <summary>
/// A grid of values for the columns of a matrix: column c has <c>L[c]</c> levels, level j being the value
/// <c>(j - origin[c]) / step[c]</c>. A row's levels are the digits of its code, the first column's the lowest:
/// <c>code = sum over c of level[c] * (L[0] * ... * L[c - 1])</c>.
/// </summary>
/// <param name="Table"><c>[3, columns]</c>: L, step and origin of each column.</param>
public readonly record struct LevelGrid(Storage<float> Table)
{
    /// <summary>The number of columns.</summary>
    public int Columns => Table.Length / 3;
}
