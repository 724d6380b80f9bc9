namespace Tessera.Tensors.IO;

/// <summary>
/// A tensor holds an integer of more than 32 bits. The file is sound; only this tensor cannot be read.
/// </summary>
internal sealed class LongIntegerException() : Exception(Reason)
{
    /// <summary>The reason, for <see cref="TensorFile.NotRead"/>.</summary>
    public const string Reason = "integers of more than 32 bits, which are not read";
}
