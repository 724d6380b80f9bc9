using System.Buffers.Binary;
using System.Text;

namespace Tessera.Data;

/// <summary>
/// A reader of the pickles that CIFAR-10's Python layout holds (protocol 2, as Python 2 wrote them, and protocols 2
/// and 3 of Python 3; opcodes as in CPython's <c>pickletools.py</c>). A pickle is a program for a stack machine that
/// may call any function. This machine has no calls: it knows the opcodes that build plain data, and four names
/// (numpy's <c>_reconstruct</c>, <c>ndarray</c> and <c>dtype</c>, and <c>_codecs.encode</c>), whose "calls" make a
/// record of ours. Anything else is refused.
/// </summary>
/// <remarks>
/// Values are <see cref="long"/>, <see cref="bool"/>, null, <see cref="PickledString"/>, lists
/// (<c>List&lt;object?&gt;</c>), tuples (<c>object?[]</c>), dicts with text as keys, <see cref="PickledGlobal"/>,
/// <see cref="PickledArray"/> and <see cref="PickledByteType"/>. Every failure is an
/// <see cref="InvalidDataException"/>.
/// </remarks>
internal sealed class PickleReader(ReadOnlyMemory<byte> file)
{
    // An original batch has about 45,000 opcodes; the limit bounds the memory that a made-up file can claim.
    private const int MostOpcodes = 4_000_000;
    private const int HighestProtocol = 3;

    private readonly List<object?> _stack = [];
    private readonly Stack<int> _marks = [];
    private readonly Dictionary<uint, object?> _memo = [];
    private int _position;

    /// <summary>Runs to the end and returns the value.</summary>
    public object? Read()
    {
        for (int count = 0; count < MostOpcodes; count++)
        {
            byte opcode = NextByte();
            if (opcode == '.') return Pop();
            if (!Scalar(opcode) && !Container(opcode) && !Memo(opcode) && !Call(opcode))
                throw new InvalidDataException($"opcode 0x{opcode:X2} at byte {_position - 1} has no place in it");
        }
        throw new InvalidDataException("the pickle is too long");
    }

    private bool Scalar(byte opcode)
    {
        switch (opcode)
        {
            case 0x80: CheckProtocol(); break;
            case (byte)'N': Push(null); break;
            case 0x88: Push(true); break;
            case 0x89: Push(false); break;
            case (byte)'K': Push((long)NextByte()); break;
            case (byte)'M': Push((long)BinaryPrimitives.ReadUInt16LittleEndian(Next(2).Span)); break;
            case (byte)'J': Push((long)BinaryPrimitives.ReadInt32LittleEndian(Next(4).Span)); break;
            case (byte)'U' or (byte)'C': Push(new PickledString(Next(NextByte()))); break;
            case (byte)'T' or (byte)'B' or (byte)'X': Push(new PickledString(Next(NextUInt32()))); break;
            default: return false;
        }
        return true;
    }

    private bool Container(byte opcode)
    {
        switch (opcode)
        {
            case (byte)'(': _marks.Push(_stack.Count); break;
            case (byte)')': Push(Array.Empty<object?>()); break;
            case (byte)'t': Push(PopToMark()); break;
            case 0x85 or 0x86 or 0x87: Push(Pop(opcode - 0x84)); break;
            case (byte)']': Push(new List<object?>()); break;
            case (byte)'a': Append(Pop(1)); break;
            case (byte)'e': Append(PopToMark()); break;
            case (byte)'}': Push(new Dictionary<string, object?>(StringComparer.Ordinal)); break;
            case (byte)'s': SetItems(Pop(2)); break;
            case (byte)'u': SetItems(PopToMark()); break;
            default: return false;
        }
        return true;
    }

    private bool Memo(byte opcode)
    {
        switch (opcode)
        {
            case (byte)'q': _memo[NextByte()] = Top(); break;
            case (byte)'r': _memo[NextUInt32()] = Top(); break;
            case (byte)'h': Recall(NextByte()); break;
            case (byte)'j': Recall(NextUInt32()); break;
            default: return false;
        }
        return true;
    }

    private bool Call(byte opcode)
    {
        switch (opcode)
        {
            case (byte)'c': Push(Global(NextLine(), NextLine())); break;
            case (byte)'R': Push(Reduce(Pop(2))); break;
            case (byte)'b': Build(Pop()); break;
            default: return false;
        }
        return true;
    }

    private static PickledGlobal Global(string module, string name) => (module, name) switch
    {
        ("numpy.core.multiarray" or "numpy._core.multiarray", "_reconstruct") => PickledGlobal.Reconstruct,
        ("numpy", "ndarray") => PickledGlobal.NdArray,
        ("numpy", "dtype") => PickledGlobal.DType,
        ("_codecs", "encode") => PickledGlobal.Encode,
        _ => throw new InvalidDataException($"its pickle asks for {module}.{name}, which is refused and was not run"),
    };

    private static object Reduce(object?[] call) => call switch
    {
        [PickledGlobal.Reconstruct, object?[] and [PickledGlobal.NdArray, ..]] => new PickledArray(),
        [PickledGlobal.DType, object?[] and [PickledString type, ..]]
            when type.ToName() == "u1" => new PickledByteType(),
        [PickledGlobal.Encode, object?[] and [PickledString { IsLatin1AsUtf8: false } text, PickledString encoding]]
            when encoding.ToName() == "latin1" => text with { IsLatin1AsUtf8 = true },
        _ => throw new InvalidDataException("it builds something that is no array of bytes"),
    };

    private void Build(object? state)
    {
        switch (Top())
        {
            case PickledArray array: array.SetState(state); break;
            case PickledByteType: break; // Byte order and alignment, without meaning for single bytes.
            default: throw new InvalidDataException("it sets the state of something that is no array");
        }
    }

    private void Append(object?[] items)
    {
        if (Top() is not List<object?> list) throw new InvalidDataException("it appends to something that is no list");
        list.AddRange(items);
    }

    private void SetItems(object?[] items)
    {
        if (Top() is not Dictionary<string, object?> dict || items.Length % 2 != 0)
            throw new InvalidDataException("it sets items of something that is no dict");
        for (int i = 0; i < items.Length; i += 2)
        {
            if (items[i] is not PickledString key) throw new InvalidDataException("a key is no text");
            dict[key.ToName()] = items[i + 1];
        }
    }

    private void CheckProtocol()
    {
        if (NextByte() is > HighestProtocol and byte protocol)
            throw new InvalidDataException($"pickle protocol {protocol} is newer than such a file's");
    }

    private void Push(object? value) => _stack.Add(value);

    private object? Top() => _stack.Count > Floor ? _stack[^1] : throw Exhausted();

    private object? Pop() => Pop(1)[0];

    private object?[] Pop(int count)
    {
        int start = _stack.Count - count;
        if (start < Floor) throw Exhausted();
        object?[] items = [.. _stack[start..]];
        _stack.RemoveRange(start, count);
        return items;
    }

    private object?[] PopToMark()
    {
        object?[] items = Pop(_stack.Count - Floor);
        return _marks.TryPop(out _) ? items : throw Exhausted();
    }

    // What lies below the newest mark belongs to a container that is still open.
    private int Floor => _marks.TryPeek(out int mark) ? mark : 0;

    private void Recall(uint key)
    {
        if (!_memo.TryGetValue(key, out object? value))
            throw new InvalidDataException("it recalls a value it never kept");
        Push(value);
    }

    private byte NextByte() => Next(1).Span[0];

    private uint NextUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Next(4).Span);

    private ReadOnlyMemory<byte> Next(uint length)
    {
        if (length > file.Length - _position) throw new InvalidDataException("it ends early");
        ReadOnlyMemory<byte> bytes = file.Slice(_position, (int)length);
        _position += (int)length;
        return bytes;
    }

    private string NextLine()
    {
        const int Longest = 64;
        ReadOnlySpan<byte> rest = file.Span[_position..];
        int length = rest[..Math.Min(rest.Length, Longest)].IndexOf((byte)'\n');
        if (length < 0 || rest[..length].ContainsAnyExceptInRange((byte)' ', (byte)'~'))
            throw new InvalidDataException("a name in it is unreadable");
        _position += length + 1;
        return Encoding.ASCII.GetString(rest[..length]);
    }

    private static InvalidDataException Exhausted() => new("it takes a value where there is none");
}
