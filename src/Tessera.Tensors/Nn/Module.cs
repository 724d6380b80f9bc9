namespace Tessera.Tensors.Nn;

/// <summary>
/// A part of a model: parameters (trained by gradients), buffers (state without gradients) and child modules, each with
/// a name. Full names are joined by dots, as in PyTorch's state dicts: <c>_encoder._conv_1.weight</c>. Disposing a
/// module frees the memory of all its tensors.
/// </summary>
public abstract class Module : IDisposable
{
    private readonly List<(string Name, Tensor Tensor, ParameterRoles Role)> _state = [];
    private readonly List<(string Name, Module Module)> _children = [];
    private readonly List<IDisposable> _workspaces = [];

    /// <summary>The number of trained values.</summary>
    public long ParameterCount => Parameters().Sum(parameter => (long)parameter.Tensor.Shape.Length);

    /// <summary>Every parameter and buffer with its full name, in the order of registration.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> State() =>
        Entries().Select(entry => (entry.Name, entry.Tensor));

    /// <summary>Every parameter with its full name; an optimizer trains these.</summary>
    public IEnumerable<Parameter> Parameters() => Entries().Where(entry => entry.Role != ParameterRoles.None);

    /// <summary>Clears all gradients, before the next backward pass.</summary>
    public void ClearGradients()
    {
        foreach ((_, Tensor tensor, _) in _state) tensor.ClearGradient();
        foreach ((_, Module child) in _children) child.ClearGradients();
    }

    /// <summary>Frees the memory of all tensors of this module and its children.</summary>
    public void Dispose()
    {
        foreach ((_, Tensor tensor, _) in _state) tensor.Dispose();
        foreach (IDisposable workspace in _workspaces) workspace.Dispose();
        foreach ((_, Module child) in _children) child.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Registers a trained tensor and returns it as a parameter.</summary>
    /// <param name="name">Its name in this module.</param>
    /// <param name="tensor">Its first values.</param>
    /// <param name="role">What it does: one of the roles.</param>
    protected Tensor Parameter(string name, Tensor tensor, ParameterRoles role)
    {
        Tensor parameter = tensor.AsParameter();
        _state.Add((name, parameter, role));
        return parameter;
    }

    /// <summary>Registers a tensor that is part of the state but gets no gradient, and returns it.</summary>
    protected Tensor Buffer(string name, Tensor tensor)
    {
        _state.Add((name, tensor, ParameterRoles.None));
        return tensor;
    }

    /// <summary>Registers memory that is no part of the state, to be freed with the module, and returns it.</summary>
    protected T Workspace<T>(T memory) where T : IDisposable
    {
        _workspaces.Add(memory);
        return memory;
    }

    /// <summary>Registers a child module and returns it.</summary>
    protected T Child<T>(string name, T module) where T : Module
    {
        _children.Add((name, module));
        return module;
    }

    private IEnumerable<Parameter> Entries() =>
        _state.Select(entry => new Parameter(entry.Name, entry.Tensor, entry.Role)).Concat(
            _children.SelectMany(child => child.Module.Entries().Select(
                entry => entry with { Name = $"{child.Name}.{entry.Name}" })));
}
