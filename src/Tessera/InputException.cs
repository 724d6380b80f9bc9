using System.Diagnostics.CodeAnalysis;

namespace Tessera;

/// <summary>
/// An input of the user (an option, a file, a folder) cannot be used. <see cref="Exception.Message"/> says in one line
/// what is wrong and how to fix it; show it as it is. <see cref="Data.DamagedImagesException"/> has a line for each
/// image.
/// </summary>
public class InputException : Exception
{
    /// <summary>Creates the exception with its message.</summary>
    public InputException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception with its message and its cause.</summary>
    public InputException(string message, Exception innerException) : base(message, innerException)
    {
    }

    /// <summary>Throws unless a condition holds.</summary>
    /// <param name="holds">The condition.</param>
    /// <param name="message">The message, formatted with the invariant culture.</param>
    /// <exception cref="InputException">The condition does not hold.</exception>
    internal static void ThrowUnless([DoesNotReturnIf(false)] bool holds, FormattableString message)
    {
        if (!holds) throw new InputException(FormattableString.Invariant(message));
    }
}
