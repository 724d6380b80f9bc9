namespace Tessera.Tensors.Devices;

/// <summary>Some columns of a matrix.</summary>
/// <param name="Columns">Columns of the matrix.</param>
/// <param name="First">The first of the range.</param>
/// <param name="Count">Columns of the range.</param>
public readonly record struct ColumnRange(int Columns, int First, int Count);
