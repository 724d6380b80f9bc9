using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace Tessera.TestSupport;

/// <summary>A tensor to pickle: a view of a storage, which several tensors may share.</summary>
/// <param name="Storage">The storage: floats, 64-bit integers, or bytes as a type that is not read.</param>
/// <param name="Shape">The shape; the strides are row-major.</param>
/// <param name="Offset">The index of the first element.</param>
/// <param name="View">
/// The start and the length of the part of the storage (before PyTorch 1.6); null for the whole.
/// </param>
internal sealed record TorchTensor(Array Storage, int[] Shape, int Offset = 0, (int Start, int Count)? View = null);

/// <summary>An object of another class to pickle: a call, and the state to set on its result.</summary>
internal sealed record TorchObject(string Module, string Name, object?[] Arguments, object? State = null);

/// <summary>
/// Writes files as torch.save does. Values may be null, bool, int, double, string, lists, tuples (<c>object?[]</c>),
/// dictionaries (which may contain themselves), <see cref="TorchTensor"/> and <see cref="TorchObject"/>.
/// </summary>
internal sealed class TorchSave
{
    private readonly bool _old;
    private readonly List<byte> _pickle = [];
    private readonly List<Array> _storages = [];
    private readonly Dictionary<object, int> _memo = new(ReferenceEqualityComparer.Instance);

    private TorchSave(bool old) => _old = old;

    /// <summary>A zip file, the format since PyTorch 1.6.</summary>
    public static byte[] Zip(object? value)
    {
        var save = new TorchSave(old: false);
        byte[] pickle = save.Pickle(value);
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            Add("model/data.pkl", pickle);
            for (int i = 0; i < save._storages.Count; i++) Add($"model/data/{i}", Bytes(save._storages[i]));

            void Add(string name, byte[] content)
            {
                using Stream record = zip.CreateEntry(name, CompressionLevel.NoCompression).Open();
                record.Write(content);
            }
        }
        return stream.ToArray();
    }

    /// <summary>
    /// The parts of a file in the format before PyTorch 1.6: magic number, protocol, machine, value, keys, storages.
    /// </summary>
    public static List<byte[]> OldParts(object? value)
    {
        var save = new TorchSave(old: true);
        byte[] pickle = save.Pickle(value);
        var keys = new List<object?>();
        var parts = new List<byte[]>
        {
            (byte[])[0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, (byte)'.'],
            new TorchSave(old: true).Pickle(1001),
            new TorchSave(old: true).Pickle(
                new Dictionary<string, object?> { ["protocol_version"] = 1001, ["little_endian"] = true }),
            pickle,
        };
        for (int i = 0; i < save._storages.Count; i++) keys.Add(i.ToString(CultureInfo.InvariantCulture));
        parts.Add(new TorchSave(old: true).Pickle(keys));
        foreach (Array storage in save._storages)
            parts.Add([.. BitConverter.GetBytes((long)storage.Length), .. Bytes(storage)]);
        return parts;
    }

    /// <summary>A file in the format before PyTorch 1.6.</summary>
    public static byte[] Old(object? value) => [.. OldParts(value).SelectMany(part => part)];

    private static byte[] Bytes(Array storage)
    {
        byte[] bytes = new byte[Buffer.ByteLength(storage)];
        Buffer.BlockCopy(storage, 0, bytes, 0, bytes.Length);
        return bytes;
    }

    private byte[] Pickle(object? value)
    {
        _pickle.AddRange([0x80, 2]);
        Write(value);
        Opcode('.');
        return [.. _pickle];
    }

    private void Write(object? value)
    {
        switch (value)
        {
            case null: Opcode('N'); break;
            case bool truth: _pickle.Add(truth ? (byte)0x88 : (byte)0x89); break;
            case int number: Opcode('J', BitConverter.GetBytes(number)); break;
            case double number:
                byte[] bytes = new byte[sizeof(double)];
                BinaryPrimitives.WriteDoubleBigEndian(bytes, number);
                Opcode('G', bytes);
                break;
            case string text: Text(text); break;
            case object?[] tuple: Tuple(tuple); break;
            case TorchTensor tensor: Tensor(tensor); break;
            case TorchObject call: Object(call); break;
            default: Container(value); break;
        }
    }

    private void Container(object value)
    {
        if (_memo.TryGetValue(value, out int known))
        {
            Opcode('j', BitConverter.GetBytes(known));
            return;
        }
        Opcode(value is List<object?> ? ']' : '}');
        _memo.Add(value, _memo.Count);
        Opcode('r', BitConverter.GetBytes(_memo.Count - 1));
        if (value is List<object?> list)
        {
            Opcode('(');
            foreach (object? item in list) Write(item);
            Opcode('e');
            return;
        }
        Opcode('(');
        foreach ((string key, object? item) in (Dictionary<string, object?>)value)
        {
            Text(key);
            Write(item);
        }
        Opcode('u');
    }

    private void Tensor(TorchTensor tensor)
    {
        int key = _storages.FindIndex(storage => ReferenceEquals(storage, tensor.Storage));
        if (key < 0)
        {
            key = _storages.Count;
            _storages.Add(tensor.Storage);
        }
        string name = key.ToString(CultureInfo.InvariantCulture);
        Global("torch._utils", "_rebuild_tensor_v2");
        Opcode('(');
        Opcode('(');
        Text("storage");
        Global(
            "torch", tensor.Storage switch { byte[] => "ByteStorage", long[] => "LongStorage", _ => "FloatStorage" });
        Text(name);
        Text("cuda:0");
        Write(tensor.Storage.Length);
        if (_old)
            Write(tensor.View is { } view ? new object?[] { $"{name}-{view.Start}", view.Start, view.Count } : null);
        Opcode('t');
        Opcode('Q');
        Write(tensor.Offset);
        Tuple([.. tensor.Shape]);
        Tuple([.. tensor.Shape.Select((_, axis) => (object?)tensor.Shape[(axis + 1)..].Aggregate(1, (a, b) => a * b))]);
        Write(false);
        Object(new TorchObject("collections", "OrderedDict", []));
        Opcode('t');
        Opcode('R');
    }

    private void Object(TorchObject call)
    {
        Global(call.Module, call.Name);
        Tuple(call.Arguments);
        Opcode('R');
        if (call.State is null) return;
        Write(call.State);
        Opcode('b');
    }

    private void Tuple(object?[] items)
    {
        Opcode('(');
        foreach (object? item in items) Write(item);
        Opcode('t');
    }

    private void Text(string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        Opcode('X', [.. BitConverter.GetBytes(utf8.Length), .. utf8]);
    }

    private void Global(string module, string name) => Opcode('c', Encoding.ASCII.GetBytes($"{module}\n{name}\n"));

    private void Opcode(char opcode, byte[]? argument = null)
    {
        _pickle.Add((byte)opcode);
        if (argument is not null) _pickle.AddRange(argument);
    }
}
