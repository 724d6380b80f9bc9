namespace Tessera;

/// <summary>
/// Something that the user gave (an option, a file, a folder) cannot be used. <see cref="Exception.Message"/> is one
/// line that says what is wrong and how to mend it, fit to be shown as it stands.
/// </summary>
public sealed class InputException : Exception
{
    /// <summary>Creates the exception with its one line.</summary>
    public InputException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception with its one line and the failure underneath.</summary>
    public InputException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
