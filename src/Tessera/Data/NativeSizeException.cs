namespace Tessera.Data;

/// <summary>A picture is sound but of no use at its own size: the size has to be given, the picture not left out.</summary>
internal sealed class NativeSizeException(string message) : InputException(message);
