namespace Tessera.Studio.Http;

/// <summary>Checks the numbers of a request.</summary>
internal static class Parameter
{
    /// <summary>Checks a whole number.</summary>
    /// <exception cref="StudioException">It is out of range.</exception>
    public static int InRange(int value, int least, int most, string name) => value >= least && value <= most
        ? value
        : throw StudioException.Wrong($"{name} must be {least} to {most}, not {value}", name);
}
