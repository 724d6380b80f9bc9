namespace Tessera.Data.Stores;

/// <summary>What fields a Thrift struct has, so that damage of their types is found.</summary>
/// <param name="kinds">
/// A letter for each field from 1 on: i, l, s, y integers of 32, 64, 16 and 8 bits, d a double, b bytes, t a truth
/// value, S a struct, L a list of structs, I, J, B lists of i, l, b, and a dot for an unknown field.
/// </param>
/// <param name="inner">The structs of S and L, in this order.</param>
internal sealed class ThriftShape(string kinds, params ThriftShape[] inner)
{
    /// <summary>The letter of a field.</summary>
    public char KindOf(int field) => field >= 1 && field <= kinds.Length ? kinds[field - 1] : '.';

    /// <summary>The struct of a field of the kinds S and L.</summary>
    public ThriftShape InnerOf(int field) => inner[kinds.AsSpan(0, field - 1).CountAny('S', 'L')];
}

/// <summary>
/// Walks through a struct in Thrift's compact protocol
/// (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md) and checks that every part of it
/// is where it should be and of the kind that it should be.
/// </summary>
/// <param name="bytes">The bytes, of which the struct is the beginning.</param>
internal sealed class ThriftWalk(ReadOnlyMemory<byte> bytes)
{
    private const int DeepestStruct = 16, LongestVarint = 10, LongestLength = 5;

    // The types of the protocol.
    private const int Stop = 0, True = 1, False = 2, Byte = 3, Int16 = 4, Int32 = 5, Int64 = 6, Double = 7, Binary = 8,
        List = 9, Struct = 12;

    private int _at, _depth;

    /// <summary>Bytes that were walked through.</summary>
    public int Length => _at;

    /// <summary>
    /// The integers and truth values of the outermost struct (under 0) and of the structs in it (under their field).
    /// </summary>
    public Dictionary<(int Of, int Field), long> Integers { get; } = [];

    /// <summary>The elements of the lists of structs in the outermost struct, by field.</summary>
    public Dictionary<int, int> Counts { get; } = [];

    /// <summary>Walks through a struct.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public void Walk(ThriftShape shape) => Walk(shape, 0);

    private void Walk(ThriftShape shape, int of)
    {
        if (++_depth > DeepestStruct) throw Damaged();
        int field = 0;
        while (true)
        {
            int header = Next(), type = header & 15;
            if (header == Stop) break;
            field = header >> 4 != 0 ? field + (header >> 4) : (short)ZigZag(Varint(LongestVarint));
            Value(shape.KindOf(field), type, shape, field, of);
        }
        _depth--;
    }

    private void Value(char kind, int type, ThriftShape shape, int field, int of)
    {
        int expected = kind switch
        {
            'i' => Int32,
            'l' => Int64,
            's' => Int16,
            'y' => Byte,
            'd' => Double,
            'b' => Binary,
            't' => type is True ? True : False,
            'S' => Struct,
            'L' or 'I' or 'J' or 'B' => List,
            _ => type,
        };
        if (type != expected) throw Damaged();
        switch (kind)
        {
            case 'i' or 'l' or 's':
                long value = ZigZag(Varint(LongestVarint));
                if (_depth <= 2) Integers[(of, field)] = value;
                break;
            case 't':
                if (_depth <= 2) Integers[(of, field)] = type == True ? 1 : 0;
                break;
            case 'S':
                Walk(shape.InnerOf(field), field);
                break;
            case 'L':
                int count = Elements(Struct);
                if (_depth == 1) Counts[field] = count;
                for (; count > 0; count--) Walk(shape.InnerOf(field), field);
                break;
            case 'I' or 'J' or 'B':
                int element = kind switch { 'I' => Int32, 'J' => Int64, _ => Binary };
                for (int left = Elements(element); left > 0; left--) Skip(element);
                break;
            default:
                Skip(type);
                break;
        }
    }

    /// <summary>Skips a value; maps, sets and lists of truth values, which Parquet has not, are refused.</summary>
    private void Skip(int type)
    {
        switch (type)
        {
            case True or False:
                break;
            case Byte:
                Pass(1);
                break;
            case Int16 or Int32 or Int64:
                Varint(LongestVarint);
                break;
            case Double:
                Pass(8);
                break;
            case Binary:
                Pass((long)Varint(LongestLength));
                break;
            case List:
                int count = Elements(null, out int element);
                if (element is True or False || ++_depth > DeepestStruct) throw Damaged();
                for (; count > 0; count--) Skip(element);
                _depth--;
                break;
            case Struct:
                Walk(new ThriftShape(""), -1);
                break;
            default:
                throw Damaged();
        }
    }

    private int Elements(int expected) => Elements(expected, out _);

    /// <summary>Reads a list's header. Each element takes a byte at least.</summary>
    private int Elements(int? expected, out int element)
    {
        int header = Next();
        element = header & 15;
        ulong count = header >> 4 == 15 ? Varint(LongestLength) : (ulong)(header >> 4);
        if (count > (ulong)(bytes.Length - _at) || (expected is not null && element != expected && count > 0))
            throw Damaged();
        return (int)count;
    }

    private ulong Varint(int longest)
    {
        ulong value = 0;
        for (int i = 0; i < longest; i++)
        {
            int next = Next();
            value |= (ulong)(next & 0x7F) << 7 * i;
            if (next < 0x80) return value;
        }
        throw Damaged();
    }

    private static long ZigZag(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);

    private int Next() => _at < bytes.Length ? bytes.Span[_at++] : throw Damaged();

    private void Pass(long count)
    {
        if (count > bytes.Length - _at) throw Damaged();
        _at += (int)count;
    }

    private static InvalidDataException Damaged() => new("its description of itself cannot be read");
}
