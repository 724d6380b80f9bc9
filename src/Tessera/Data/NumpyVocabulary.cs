using Tessera.Tensors.IO.Pickle;

namespace Tessera.Data;

/// <summary>
/// The names allowed in pickled numpy arrays of bytes, as Python 2 and 3 write them: numpy's <c>_reconstruct</c>,
/// <c>ndarray</c> and <c>dtype</c>, and <c>_codecs.encode</c>.
/// </summary>
internal sealed class NumpyVocabulary : PickleVocabulary
{
    private enum Name
    {
        Reconstruct,
        NdArray,
        DType,
        Encode,
    }

    public override object? Find(string module, string name) => (module, name) switch
    {
        ("numpy.core.multiarray" or "numpy._core.multiarray", "_reconstruct") => Name.Reconstruct,
        ("numpy", "ndarray") => Name.NdArray,
        ("numpy", "dtype") => Name.DType,
        ("_codecs", "encode") => Name.Encode,
        _ => null,
    };

    public override object Call(object? callable, object?[] arguments) => (callable, arguments) switch
    {
        (Name.Reconstruct, [Name.NdArray, ..]) => new PickledArray(),
        (Name.DType, [PickledString type, ..]) when type.ToName() == "u1" => new PickledByteType(),
        (Name.Encode, [PickledString { IsLatin1AsUtf8: false } text, PickledString encoding])
            when encoding.ToName() == "latin1" => text with { IsLatin1AsUtf8 = true },
        _ => throw new InvalidDataException("it builds something that is no array of bytes"),
    };

    public override void SetState(object? target, object? state)
    {
        switch (target)
        {
            case PickledArray array: array.SetState(state); break;
            case PickledByteType: break; // Byte order and alignment do not matter for single bytes.
            default: throw new InvalidDataException("it sets the state of something that is no array");
        }
    }
}

/// <summary>A numpy dtype. Only unsigned bytes (<c>u1</c>) are accepted, so it has no data.</summary>
internal sealed record PickledByteType;

/// <summary>A two-dimensional numpy array of bytes, empty until its state is set.</summary>
internal sealed class PickledArray
{
    private PickledString? _data;

    /// <summary>The lengths of the two axes.</summary>
    public long[] Shape { get; private set; } = [];

    /// <summary>Whether the first axis varies fastest (Fortran order).</summary>
    public bool IsColumnMajor { get; private set; }

    /// <summary>Sets the state that numpy pickles: (version, shape, dtype, column-major, bytes).</summary>
    /// <exception cref="InvalidDataException">The state is anything else.</exception>
    public void SetState(object? state)
    {
        if (state is not object?[] parts
            || parts is not [long, object?[] axes, PickledByteType, bool isColumnMajor, PickledString data]
            || axes.Length != 2
            || !axes.All(axis => axis is long))
        {
            throw new InvalidDataException("an array is not a table of bytes");
        }
        Shape = [.. axes.Cast<long>()];
        IsColumnMajor = isColumnMajor;
        _data = data;
    }

    /// <summary>The elements, in file order.</summary>
    public byte[] Bytes() => _data?.ToBytes() ?? [];
}
