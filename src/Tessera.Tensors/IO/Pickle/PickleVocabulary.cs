namespace Tessera.Tensors.IO.Pickle;

/// <summary>
/// The few names that one kind of pickle may use, and what stands here for Python's calling them. Nothing is looked up
/// anywhere: a name that a vocabulary does not know is refused.
/// </summary>
public abstract class PickleVocabulary
{
    /// <summary>
    /// What stands for a name; null for one that is refused; a <see cref="PickledUnknown"/> for one that is passed
    /// over.
    /// </summary>
    /// <param name="module">The module, <c>collections</c>.</param>
    /// <param name="name">The name in it, <c>OrderedDict</c>.</param>
    public abstract object? Find(string module, string name);

    /// <summary>What stands for the value of a call.</summary>
    /// <param name="callable">
    /// What <see cref="Find"/> gave, or any other value that the pickle puts in its place.
    /// </param>
    /// <param name="arguments">The arguments.</param>
    /// <exception cref="InvalidDataException">There is no such call in pickles of this kind.</exception>
    public abstract object Call(object? callable, object?[] arguments);

    /// <summary>Sets the state of what a call gave.</summary>
    /// <param name="target">The value.</param>
    /// <param name="state">Its state.</param>
    /// <exception cref="InvalidDataException">Such a value has no such state in pickles of this kind.</exception>
    public abstract void SetState(object? target, object? state);

    /// <summary>What stands for something that is kept beside the pickle.</summary>
    /// <param name="id">How the pickle calls it.</param>
    /// <exception cref="InvalidDataException">Nothing is kept beside pickles of this kind, or not that.</exception>
    public virtual object FindPersistent(object? id) => throw new InvalidDataException("it refers to something beside it");
}
