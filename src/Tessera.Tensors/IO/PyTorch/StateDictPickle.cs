using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Tessera.Tensors.IO.PyTorch;

/// <summary>
/// Writes the pickle of a state dict as <c>torch.save</c> does; <c>torch.load</c> reads it, also with
/// <c>weights_only</c>. (Protocol 2; opcodes as in CPython's <c>pickletools.py</c>.) It is an <c>OrderedDict</c> of
/// tensors, each of which fills its own storage.
/// </summary>
internal sealed class StateDictPickle
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    /// <summary>The bytes of the pickle.</summary>
    public static byte[] Format(IReadOnlyList<TensorEntry> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        var pickle = new StateDictPickle();
        pickle.Opcodes(0x80, 2);
        pickle.EmptyOrderedDict();
        pickle.Opcodes('(');
        for (int i = 0; i < tensors.Count; i++)
        {
            pickle.Text(tensors[i].Name);
            pickle.Tensor(tensors[i], Key(i));
        }
        pickle.Opcodes('u');
        if (metadata is { Count: > 0 }) pickle.Attribute("metadata", metadata);
        pickle.Opcodes('.');
        return pickle._bytes.WrittenSpan.ToArray();
    }

    /// <summary>The name of the record that holds a tensor's bytes.</summary>
    public static string StorageRecord(int index) => $"data/{Key(index)}";

    private static string Key(int index) => index.ToString(CultureInfo.InvariantCulture);

    private void Tensor(TensorEntry tensor, string key)
    {
        Global("torch._utils", "_rebuild_tensor_v2");
        Opcodes('(');
        Storage(key, tensor.Values.Length);
        Integer(0);
        Tuple(tensor.Shape);
        Tuple(RowMajorStrides(tensor.Shape));
        // requires_grad is False, and there are no backward hooks.
        Opcodes(0x89);
        EmptyOrderedDict();
        Opcodes('t', 'R');
    }

    private void Storage(string key, int count)
    {
        Opcodes('(');
        Text("storage");
        Global("torch", "FloatStorage");
        Text(key);
        Text("cpu");
        Integer(count);
        Opcodes('t', 'Q');
    }

    private void Attribute(string name, IReadOnlyDictionary<string, string> pairs)
    {
        Opcodes('}');
        Text(name);
        Opcodes('}', '(');
        foreach ((string key, string value) in pairs.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            Text(key);
            Text(value);
        }
        Opcodes('u', 's', 'b');
    }

    private void EmptyOrderedDict()
    {
        Global("collections", "OrderedDict");
        Opcodes(')', 'R');
    }

    private void Tuple(ReadOnlySpan<int> values)
    {
        Opcodes('(');
        foreach (int value in values) Integer(value);
        Opcodes('t');
    }

    private void Opcodes(params ReadOnlySpan<int> opcodes)
    {
        foreach (int opcode in opcodes) _bytes.Write([(byte)opcode]);
    }

    private void Global(string module, string name)
    {
        Opcodes('c');
        _bytes.Write(Encoding.ASCII.GetBytes($"{module}\n{name}\n"));
    }

    private void Text(string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        Opcodes('X');
        Number(utf8.Length);
        _bytes.Write(utf8);
    }

    private void Integer(int value)
    {
        Opcodes('J');
        Number(value);
    }

    private void Number(int value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        _bytes.Write(bytes);
    }

    private static int[] RowMajorStrides(int[] shape)
    {
        int[] strides = new int[shape.Length];
        int stride = 1;
        for (int axis = shape.Length - 1; axis >= 0; axis--)
        {
            strides[axis] = stride;
            stride *= Math.Max(shape[axis], 1);
        }
        return strides;
    }
}
