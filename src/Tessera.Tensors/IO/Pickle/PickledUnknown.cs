namespace Tessera.Tensors.IO.Pickle;

/// <summary>
/// Stands for a value that is skipped: an object of a class, or the result of a function, that the vocabulary accepts
/// without knowing it. It keeps only a name: calling it returns it again, and its items and state are dropped.
/// </summary>
/// <param name="Name">The name in the pickle, such as <c>argparse.Namespace</c>.</param>
public sealed record PickledUnknown(string Name);
