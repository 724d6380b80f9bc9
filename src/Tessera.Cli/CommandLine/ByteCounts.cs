using System.Globalization;

namespace Tessera.Cli.CommandLine;

/// <summary>Numbers of bytes as people write them.</summary>
internal static class ByteCounts
{
    private static readonly (string Unit, double Bytes)[] Units =
    [
        ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40),
        ("kB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12), ("B", 1), ("", 1),
    ];

    /// <summary>Parses a number with a unit, such as 500MB, 1.5GiB or 0, in any letter case.</summary>
    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        (string unit, double factor) =
            Units.First(known => text.EndsWith(known.Unit, StringComparison.OrdinalIgnoreCase));
        bool isNumber = double.TryParse(
            text.AsSpan(0, text.Length - unit.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture,
            out double number);
        if (!isNumber || number * factor >= long.MaxValue) return false;
        bytes = (long)(number * factor);
        return true;
    }

    /// <summary>A number of bytes in the largest binary unit that leaves at least one: "1.5 GiB".</summary>
    public static string Format(long bytes)
    {
        (string unit, double factor) = Units.Take(4).LastOrDefault(known => bytes >= known.Bytes, ("bytes", 1));
        return string.Create(CultureInfo.InvariantCulture, $"{bytes / factor:0.#} {unit}");
    }
}
