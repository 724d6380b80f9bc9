namespace Tessera.Imaging;

/// <summary>
/// The cyclic redundancy check of PNG (annex D of the standard) and ISO 3309: polynomial 0xEDB88320, bits reversed.
/// </summary>
internal static class Crc32
{
    private static readonly uint[] Table = MakeTable();

    /// <summary>The checksum of <paramref name="data"/>.</summary>
    /// <param name="data">The bytes.</param>
    /// <param name="before">The checksum of bytes that come before them and are to be included.</param>
    public static uint Of(ReadOnlySpan<byte> data, uint before = 0)
    {
        uint crc = ~before;
        foreach (byte value in data) crc = Table[(byte)(crc ^ value)] ^ (crc >> 8);
        return ~crc;
    }

    private static uint[] MakeTable()
    {
        uint[] table = new uint[256];
        for (uint value = 0; value < 256; value++)
        {
            uint crc = value;
            for (int bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? 0xEDB88320 ^ (crc >> 1) : crc >> 1;
            table[value] = crc;
        }
        return table;
    }
}
