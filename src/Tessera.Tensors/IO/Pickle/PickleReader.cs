using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Tessera.Tensors.IO.Pickle;

/// <summary>
/// A reader of pickles of plain data (protocols 2 and 3; opcodes as in CPython's <c>pickletools.py</c>). A pickle is a
/// program for a stack machine that may call any function. This machine cannot: it has the opcodes that build plain
/// data, and the names of a <see cref="PickleVocabulary"/>, whose "calls" only create data. Any other name is refused,
/// or becomes a <see cref="PickledUnknown"/> if the vocabulary says so; it is never looked up or run.
/// </summary>
/// <remarks>
/// Values are <see cref="long"/>, <see cref="double"/>, <see cref="bool"/>, null, <see cref="PickledString"/>, lists
/// (<c>List&lt;object?&gt;</c>), tuples (<c>object?[]</c>), <see cref="PickledDict"/>, values of the vocabulary, and
/// <see cref="PickledUnknown"/>. A value may contain itself.
/// </remarks>
/// <param name="pickle">The whole pickle.</param>
/// <param name="vocabulary">The names that the pickle may use.</param>
public sealed class PickleReader(ReadOnlyMemory<byte> pickle, PickleVocabulary vocabulary)
{
    // A batch of CIFAR-10 has about 45,000 opcodes; the limit bounds the memory that a hostile file can take.
    private const int MostOpcodes = 4_000_000;
    private const int HighestProtocol = 3;

    private static readonly PickledUnknown LongInteger = new("an integer of more than 64 bits");

    private readonly List<object?> _stack = [];
    private readonly Stack<int> _marks = [];
    private readonly Dictionary<uint, object?> _memo = [];
    private int _position;

    /// <summary>The number of bytes read; after <see cref="Read"/>, the end of the pickle.</summary>
    public int Position => _position;

    /// <summary>Runs the pickle to its end and returns the value.</summary>
    /// <exception cref="InvalidDataException">
    /// The pickle is damaged, or uses a name that is refused; the message gives the byte.
    /// </exception>
    public object? Read()
    {
        int start = 0;
        try
        {
            for (int count = 0; count < MostOpcodes; count++)
            {
                start = _position;
                byte opcode = NextByte();
                if (opcode == '.') return Pop();
                if (!Scalar(opcode) && !Container(opcode) && !Memo(opcode) && !Call(opcode))
                    throw new InvalidDataException($"opcode 0x{opcode:X2} is not supported");
            }
            throw new InvalidDataException("the pickle is too long");
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{e.Message}, at byte {start}", e);
        }
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
            case 0x8A: Push(ToInteger(Next(NextByte()).Span)); break;
            case 0x8B: Push(ToInteger(Next(NextUInt32()).Span)); break;
            case (byte)'G': Push(BinaryPrimitives.ReadDoubleBigEndian(Next(8).Span)); break;
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
            case (byte)'}': Push(new PickledDict()); break;
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
            case (byte)'0': Drop(); break;
            case (byte)'1': PopToMark(); break;
            default: return false;
        }
        return true;
    }

    private bool Call(byte opcode)
    {
        switch (opcode)
        {
            case (byte)'c': Push(Find(NextLine(), NextLine())); break;
            case (byte)'R' or 0x81: Push(Call(Pop(2))); break;
            case (byte)'b': SetState(Pop()); break;
            case (byte)'Q': Push(vocabulary.FindPersistent(Pop())); break;
            default: return false;
        }
        return true;
    }

    private object Find(string module, string name) => vocabulary.Find(module, name)
        ?? throw new InvalidDataException($"its pickle asks for {module}.{name}, which is refused and was not run");

    private object Call(object?[] call)
    {
        if (call[1] is not object?[] arguments)
            throw new InvalidDataException("it calls something with arguments that are not a tuple");
        return call[0] is PickledUnknown unknown ? unknown : vocabulary.Call(call[0], arguments);
    }

    private void SetState(object? state)
    {
        if (Top() is not PickledUnknown) vocabulary.SetState(Top(), state);
    }

    private void Append(object?[] items)
    {
        if (Top() is PickledUnknown) return;
        if (Top() is not List<object?> list)
            throw new InvalidDataException("it appends to something that is not a list");
        list.AddRange(items);
    }

    private void SetItems(object?[] items)
    {
        if (Top() is PickledUnknown) return;
        if (Top() is not PickledDict dict || items.Length % 2 != 0)
            throw new InvalidDataException("it sets items of something that is not a dict");
        for (int i = 0; i < items.Length; i += 2)
        {
            switch (items[i])
            {
                case PickledString { IsName: true } key: dict.Set(key.ToName(), items[i + 1]); break;
                case long key: dict.Set(key.ToString(CultureInfo.InvariantCulture), items[i + 1]); break;
                // No reader needs items with other keys.
                default: break;
            }
        }
    }

    private void CheckProtocol()
    {
        if (NextByte() is > HighestProtocol and byte protocol)
            throw new InvalidDataException(
                $"pickle protocol {protocol} is not supported; the highest is {HighestProtocol}");
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

    private void Drop()
    {
        if (_stack.Count == Floor && _marks.TryPop(out _)) return;
        Pop();
    }

    // Values below the newest mark belong to a container that is still open.
    private int Floor => _marks.TryPeek(out int mark) ? mark : 0;

    private void Recall(uint key)
    {
        if (!_memo.TryGetValue(key, out object? value))
            throw new InvalidDataException("it recalls a value that it did not store");
        Push(value);
    }

    /// <summary>
    /// Decodes two's complement of any number of bytes; no bytes for 0. States of random number generators have more
    /// than 64 bits.
    /// </summary>
    private static object ToInteger(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > sizeof(long)) return LongInteger;
        long value = bytes is [.., > 0x7F] ? -1 : 0;
        for (int i = bytes.Length - 1; i >= 0; i--) value = value << 8 | bytes[i];
        return value;
    }

    private byte NextByte() => Next(1).Span[0];

    private uint NextUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Next(4).Span);

    private ReadOnlyMemory<byte> Next(uint length)
    {
        if (length > pickle.Length - _position) throw new InvalidDataException("it ends early");
        ReadOnlyMemory<byte> bytes = pickle.Slice(_position, (int)length);
        _position += (int)length;
        return bytes;
    }

    private string NextLine()
    {
        const int Longest = 64;
        ReadOnlySpan<byte> rest = pickle.Span[_position..];
        int length = rest[..Math.Min(rest.Length, Longest)].IndexOf((byte)'\n');
        if (length < 0 || rest[..length].ContainsAnyExceptInRange((byte)' ', (byte)'~'))
            throw new InvalidDataException("a name in it is unreadable");
        _position += length + 1;
        return Encoding.ASCII.GetString(rest[..length]);
    }

    private static InvalidDataException Exhausted() => new("it pops a value from an empty stack");
}
