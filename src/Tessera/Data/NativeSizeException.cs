namespace Tessera.Data;

/// <summary>
/// An image is readable, but its native size does not fit: the user must give a size. It does not count as damaged.
/// </summary>
internal sealed class NativeSizeException : InputException
{
    public NativeSizeException(string message) : base(message) => Option = "size";
}
