namespace Tessera.Tensors.Nn;

/// <summary>What a parameter does in its module; an optimizer may treat roles differently.</summary>
[Flags]
public enum ParameterRoles
{
    /// <summary>No role.</summary>
    None = 0,

    /// <summary>A linear map, <c>[rows, columns, ...]</c>: the weights of a convolution or of a linear layer.</summary>
    Matrix = 1,

    /// <summary>A table whose rows are looked up: an embedding.</summary>
    Table = 2,

    /// <summary>Numbers that are added or multiplied one by one: a bias, a gain.</summary>
    Vector = 4,

    /// <summary>Every role.</summary>
    All = Matrix | Table | Vector,
}
