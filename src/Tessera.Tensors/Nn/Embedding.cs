using Tessera.Tensors.Ops;

namespace Tessera.Tensors.Nn;

/// <summary>
/// A table of vectors, one for each index; see <see cref="TensorOperations.GatherRows"/>. The vectors start as normal
/// numbers.
/// </summary>
public sealed class Embedding : Module
{
    /// <summary>Creates the table.</summary>
    /// <param name="rows">The number of indices.</param>
    /// <param name="columns">Numbers of a vector.</param>
    /// <param name="initializer">Makes the initial values.</param>
    /// <param name="deviation">The standard deviation of the initial values.</param>
    public Embedding(int rows, int columns, Initializer initializer, float deviation) =>
        Weight = Parameter("weight", initializer.Normal([rows, columns], deviation), ParameterRoles.Table);

    /// <summary><c>[rows, columns]</c>.</summary>
    public Tensor Weight { get; }

    /// <summary>Looks vectors up.</summary>
    /// <param name="indices">Indices of any shape of rank 0 to 3.</param>
    /// <returns>The shape of the indices with the columns innermost.</returns>
    /// <exception cref="ArgumentException">An index may be no row of the table.</exception>
    public Tensor Forward(Indices indices) => Weight.GatherRows(indices);
}
