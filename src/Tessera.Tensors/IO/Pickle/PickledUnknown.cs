namespace Tessera.Tensors.IO.Pickle;

/// <summary>
/// Stands for a value that is not read: an object of a class, or the result of a function, that the vocabulary accepts
/// without knowing it. It keeps nothing but a name: calls of it give it again, and its items and its state are dropped.
/// </summary>
/// <param name="Name">The name in the pickle: <c>argparse.Namespace</c>.</param>
public sealed record PickledUnknown(string Name);
