using System.Diagnostics.CodeAnalysis;

namespace Tessera;

/// <summary>
/// Something that the user gave (an option, a file, a folder) cannot be used. <see cref="Exception.Message"/> is one
/// line that says what is wrong and how to mend it, fit to be shown as it stands.
/// </summary>
public class InputException : Exception
{
    /// <summary>Creates the exception with its one line.</summary>
    public InputException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception with its one line and the failure underneath.</summary>
    public InputException(string message, Exception innerException) : base(message, innerException)
    {
    }

    /// <summary>Throws unless a value is as it must be.</summary>
    /// <param name="holds">Whether it is.</param>
    /// <param name="message">The one line, formatted for no culture.</param>
    /// <exception cref="InputException">It is not.</exception>
    internal static void ThrowUnless([DoesNotReturnIf(false)] bool holds, FormattableString message)
    {
        if (!holds) throw new InputException(FormattableString.Invariant(message));
    }
}
