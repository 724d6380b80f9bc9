using Tessera.Tensors;
using Tessera.Tensors.Nn;

namespace Tessera.Tests.Parity;

/// <summary>Gives access to a module's state by PyTorch's names.</summary>
internal static class ModuleState
{
    /// <summary>Asserts that the module has exactly these tensors, and returns them by name.</summary>
    public static Dictionary<string, Tensor> StateNamed(this Module module, string[] names)
    {
        Dictionary<string, Tensor> state = module.State().ToDictionary(entry => entry.Name, entry => entry.Tensor);
        Assert.Equal(names.Order(StringComparer.Ordinal), state.Keys.Order(StringComparer.Ordinal));
        return state;
    }
}
