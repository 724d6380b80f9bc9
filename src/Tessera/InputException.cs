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

    /// <summary>
    /// The name of the property or parameter that is wrong or that fixes the error, such as "CodeDim" or "key";
    /// "resume" if resuming a run fixes it; null if there is none. If its value is out of range,
    /// <see cref="Exception.Message"/> begins with the name. A program can put the name that its users know there.
    /// </summary>
    public string? Option { get; init; }

    /// <summary>
    /// The value of <see cref="Option"/> that the message speaks of, such as the folder of the run to resume; null if
    /// there is none.
    /// </summary>
    public string? Value { get; init; }

    /// <summary>Throws unless the value of an option is in its range.</summary>
    /// <param name="holds">Whether it is.</param>
    /// <param name="option">The name of its property, which begins the message.</param>
    /// <param name="range">The rest of the message, formatted with the invariant culture.</param>
    /// <exception cref="InputException">The value is out of range.</exception>
    internal static void ThrowUnless([DoesNotReturnIf(false)] bool holds, string option, FormattableString range)
    {
        if (!holds) throw new InputException($"{option} {FormattableString.Invariant(range)}") { Option = option };
    }
}
