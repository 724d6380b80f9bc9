using Tessera.Tensors.IO.Pickle;

namespace Tessera.Data;

/// <summary>
/// Reads a batch file of CIFAR-10's Python layout: a pickled dict with <c>data</c>, a numpy array of bytes [images,
/// 3072], and <c>labels</c>, a list of numbers 0 to 9. Other entries are ignored.
/// </summary>
internal static class CifarPickle
{
    /// <summary>Reads the batch.</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="name">The file's name for messages.</param>
    /// <exception cref="InputException">
    /// The bytes are not such a file, or the pickle builds any other object.
    /// </exception>
    public static CifarBatch Read(ReadOnlyMemory<byte> file, string name)
    {
        if (file.IsEmpty) throw CifarBatch.Damaged(name, "is empty");
        try
        {
            return ToBatch(new PickleReader(file, new NumpyVocabulary()).Read(), name);
        }
        catch (InvalidDataException e)
        {
            throw CifarBatch.Damaged(name, $"is damaged or no CIFAR-10 batch ({e.Message})", e);
        }
    }

    private static CifarBatch ToBatch(object? root, string name)
    {
        if (root is not PickledDict entries)
            throw new InvalidDataException("the pickle holds no dict");
        if (!entries.TryGet("data", out PickledArray? data)
            || data.Shape is not [long count, CifarBatch.ImageLength])
        {
            throw new InvalidDataException("it has no 'data', an array of 3072 bytes an image");
        }
        if (!entries.TryGet("labels", out List<object?>? labels))
            throw new InvalidDataException("it has no list of 'labels'");
        if (count < 1 || count != labels.Count)
            throw new InvalidDataException($"it has {count} images and {labels.Count} labels");

        byte[] samples = data.Bytes();
        if (samples.Length != count * CifarBatch.ImageLength)
            throw new InvalidDataException($"{count} images do not fit {samples.Length} bytes");
        var batch = new CifarBatch(new int[labels.Count]);
        byte[] planes = new byte[CifarBatch.ImageLength];
        for (int i = 0; i < batch.Labels.Length; i++)
        {
            batch.Labels[i] = labels[i] is long label
                ? CifarBatch.CheckLabel(label, i, name)
                : throw new InvalidDataException($"the label of image {i} is no integer");
            (int first, int step) = data.IsColumnMajor ? (i, batch.Labels.Length) : (i * planes.Length, 1);
            for (int j = 0; j < planes.Length; j++) planes[j] = samples[first + j * step];
            CifarBatch.Interleave(planes, batch.Image(i));
        }
        return batch;
    }
}
