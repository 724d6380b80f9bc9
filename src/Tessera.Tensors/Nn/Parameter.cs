namespace Tessera.Tensors.Nn;

/// <summary>A trained tensor of a module.</summary>
/// <param name="Name">Its full name: <c>_encoder._conv_1.weight</c>.</param>
/// <param name="Tensor">Its values and gradient.</param>
/// <param name="Role">What it does: one of the roles.</param>
public readonly record struct Parameter(string Name, Tensor Tensor, ParameterRoles Role)
{
    /// <summary>Supports <c>foreach ((string name, Tensor tensor) in module.Parameters())</c>.</summary>
    public void Deconstruct(out string name, out Tensor tensor) => (name, tensor) = (Name, Tensor);
}
