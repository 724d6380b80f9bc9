using System.Buffers.Binary;
using System.Text;

namespace Tessera.Benchmarks.Soak.Readers;

/// <summary>Damages files. The same random numbers give the same damage.</summary>
internal static class Mutation
{
    // At the start and at the end are headers, footers and directories.
    private const int Edge = 256, Tries = 20;

    private static readonly Func<Span<byte>, Random, bool>[] InPlace =
        [FlipBits, SetByte, WriteInteger, FillRange, ChangeLength, SwapRanges, ChangePunctuation];

    private static readonly string[] Numbers =
    [
        "0", "-1", "1", "7", "255", "256", "65536", "2147483647", "2147483648", "4294967296", "9223372036854775807",
        "9223372036854775808", "99999999999999999999999", "1e400", "-1e400", "1e-400", "NaN", "0.5", "-0", "",
        "true", "null", "\"1\"", "[]", "{}",
    ];

    /// <summary>A damaged copy of a file.</summary>
    /// <param name="file">The file; it is not changed.</param>
    /// <param name="other">Another file of the same reader, or the same one.</param>
    /// <param name="random">Decides what is changed.</param>
    public static byte[] Apply(byte[] file, byte[] other, Random random)
    {
        byte[] changed = [.. file];
        for (int left = 1 + random.Next(3) * random.Next(2); left > 0 && changed.Length > 0; left--)
            changed = Once(changed, other, random);
        return changed;
    }

    private static byte[] Once(byte[] file, byte[] other, Random random)
    {
        int kind = random.Next(InPlace.Length + 9);
        if (kind < InPlace.Length)
        {
            for (int i = 0; i < Tries; i++)
                if (InPlace[kind](file, random)) return file;
            return file;
        }
        (int start, int end) = Range(file.Length, random);
        return (kind - InPlace.Length) switch
        {
            0 => [.. file[..start], .. file[end..]],
            1 => [.. file[..end], .. Repeated(file[start..end], random), .. file[end..]],
            2 => [.. file[..start], .. Bytes(1 + random.Next(40), random), .. file[start..]],
            3 => file[..Place(file.Length, random)],
            4 => Spliced(file, other, random),
            5 => Overwritten(file, other, random),
            6 => [.. file, .. Bytes(1 + random.Next(200), random)],
            _ => WithNumber(file, random),
        };
    }

    private static bool FlipBits(Span<byte> file, Random random)
    {
        for (int left = 1 + random.Next(4); left > 0; left--)
            file[Place(file.Length, random)] ^= (byte)(1 << random.Next(8));
        return true;
    }

    private static bool SetByte(Span<byte> file, Random random)
    {
        file[Place(file.Length, random)] = random.Next(6) switch
        {
            0 => 0,
            1 => 0xFF,
            2 => 0x7F,
            3 => 0x80,
            4 => 1,
            _ => (byte)random.Next(256),
        };
        return true;
    }

    private static bool FillRange(Span<byte> file, Random random)
    {
        (int start, int end) = Range(file.Length, random);
        file[start..end].Fill(random.Next(3) switch { 0 => 0xFF, 1 => (byte)random.Next(256), _ => 0 });
        return true;
    }

    /// <summary>Writes a number at the edge of a range, of any width and order.</summary>
    private static bool WriteInteger(Span<byte> file, Random random)
    {
        long value = random.Next(14) switch
        {
            0 => 0,
            1 => 1,
            2 => -1,
            3 => int.MaxValue,
            4 => int.MinValue,
            5 => long.MaxValue,
            6 => long.MinValue,
            7 => file.Length,
            8 => file.Length + 1,
            9 => 1L << random.Next(63),
            10 => (1L << random.Next(63)) - 1,
            11 => -(1L << random.Next(63)),
            12 => uint.MaxValue,
            _ => random.NextInt64(),
        };
        return Write(file, Place(file.Length, random), 1 << random.Next(4), value, random.Next(2) == 0);
    }

    /// <summary>Changes a number that may be a length: a small one.</summary>
    private static bool ChangeLength(Span<byte> file, Random random)
    {
        int place = Place(file.Length, random), width = 2 << random.Next(3);
        bool isLittle = random.Next(2) == 0;
        if (place + width > file.Length) return false;
        ulong old = 0;
        for (int i = 0; i < width; i++) old |= (ulong)file[place + (isLittle ? i : width - 1 - i)] << 8 * i;
        if (old == 0 || old > 4 * (ulong)file.Length) return false;
        long value = random.Next(8) switch
        {
            0 => (long)old + 1,
            1 => (long)old - 1,
            2 => (long)old * 2,
            3 => (long)old / 2,
            4 => (long)old << 8 * (width - 1) - 1,
            5 => long.MaxValue >> 8 * (8 - width),
            6 => (long)old + file.Length,
            _ => -(long)old,
        };
        return Write(file, place, width, value, isLittle);
    }

    private static bool Write(Span<byte> file, int place, int width, long value, bool isLittle)
    {
        if (place + width > file.Length) return false;
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        bytes = bytes[..width];
        if (!isLittle) bytes.Reverse();
        bytes.CopyTo(file[place..]);
        return true;
    }

    private static bool SwapRanges(Span<byte> file, Random random)
    {
        int length = 1 + random.Next(Math.Min(16, file.Length));
        int first = Place(file.Length, random), second = Place(file.Length, random);
        if (Math.Abs(first - second) < length || Math.Max(first, second) + length > file.Length) return false;
        Span<byte> kept = stackalloc byte[16];
        file.Slice(first, length).CopyTo(kept);
        file.Slice(second, length).CopyTo(file[first..]);
        kept[..length].CopyTo(file[second..]);
        return true;
    }

    /// <summary>Changes what structures a text: JSON, a table, lines.</summary>
    private static bool ChangePunctuation(Span<byte> file, Random random)
    {
        ReadOnlySpan<byte> all = "{}[]\",:\n.-\\\r"u8;
        int place = Place(file.Length, random);
        int found = file[place..].IndexOfAny(all);
        if (found < 0) return false;
        file[place + found] = all[random.Next(all.Length)];
        return true;
    }

    private static byte[] Spliced(byte[] file, byte[] other, Random random)
    {
        int start = Place(file.Length, random);
        // At the same place, or anywhere.
        int from = random.Next(2) == 0 ? Math.Min(start, other.Length) : random.Next(other.Length + 1);
        return [.. file[..start], .. other[from..]];
    }

    private static byte[] Overwritten(byte[] file, byte[] other, Random random)
    {
        (int start, int end) = Range(Math.Min(file.Length, other.Length), random);
        int place = random.Next(file.Length - (end - start) + 1);
        other.AsSpan(start..end).CopyTo(file.AsSpan(place));
        return file;
    }

    /// <summary>Replaces a number in a text.</summary>
    private static byte[] WithNumber(byte[] file, Random random)
    {
        for (int i = 0; i < Tries; i++)
        {
            int place = Place(file.Length, random);
            int found = file.AsSpan(place).IndexOfAnyInRange((byte)'0', (byte)'9');
            if (found < 0) continue;
            int start = place + found, end = start;
            while (end < file.Length && file[end] is >= (byte)'0' and <= (byte)'9') end++;
            byte[] number = Encoding.ASCII.GetBytes(Numbers[random.Next(Numbers.Length)]);
            return [.. file[..start], .. number, .. file[end..]];
        }
        return file;
    }

    private static byte[] Repeated(byte[] part, Random random)
    {
        int times = random.Next(8) == 0 ? 1 + random.Next(100) : 1;
        byte[] all = new byte[Math.Min(part.Length * times, Math.Max(part.Length, 1 << 16))];
        for (int i = 0; i < all.Length; i++) all[i] = part[i % part.Length];
        return all;
    }

    private static byte[] Bytes(int count, Random random)
    {
        byte[] bytes = new byte[count];
        if (random.Next(2) == 0) random.NextBytes(bytes);
        else bytes.AsSpan().Fill((byte)random.Next(256));
        return bytes;
    }

    private static int Place(int length, Random random) => random.Next(4) switch
    {
        0 => random.Next(Math.Min(Edge, length)),
        1 => length - 1 - random.Next(Math.Min(Edge, length)),
        _ => random.Next(length),
    };

    private static (int Start, int End) Range(int length, Random random)
    {
        if (length == 0) return (0, 0);
        int start = Place(length, random);
        int most = random.Next(4) == 0 ? length - start : Math.Min(16, length - start);
        return (start, start + 1 + random.Next(most));
    }
}
