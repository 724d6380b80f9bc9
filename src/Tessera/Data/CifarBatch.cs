using System.Buffers;

namespace Tessera.Data;

/// <summary>
/// The images of one of CIFAR-10's batch files, 30 MB in memory that the next batch uses again: dispose it.
/// </summary>
internal sealed class CifarBatch : IDisposable
{
    private readonly byte[] _samples;

    private const int PlaneLength = Cifar10.Size * Cifar10.Size;

    /// <summary>Bytes of an image: 3 planes (red, green, blue) of 32 rows of 32.</summary>
    public const int ImageLength = Cifar10.Channels * PlaneLength;

    /// <summary>Bytes of a record of the binary layout: the label, then the image.</summary>
    public const int RecordLength = 1 + ImageLength;

    /// <summary>The largest batch file that is read; the original files have 30,730,000 bytes.</summary>
    public const int MaximumBytes = 1 << 28;

    /// <summary>Takes memory for images, not cleared.</summary>
    /// <param name="labels">The class of each, 0 to 9.</param>
    public CifarBatch(int[] labels)
    {
        Labels = labels;
        _samples = ArrayPool<byte>.Shared.Rent(checked(labels.Length * ImageLength));
    }

    /// <summary>The class of each image, 0 to 9.</summary>
    public int[] Labels { get; }

    /// <summary>The bytes of one image, 32x32x3, HWC.</summary>
    public Span<byte> Image(int index) => _samples.AsSpan(index * ImageLength, ImageLength);

    /// <summary>Gives the memory back.</summary>
    public void Dispose() => ArrayPool<byte>.Shared.Return(_samples);

    /// <summary>Reads a file of the binary layout (see https://www.cs.toronto.edu/~kriz/cifar.html).</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="name">The file's name for messages.</param>
    /// <exception cref="InputException">The bytes are not such a file.</exception>
    public static CifarBatch FromRecords(ReadOnlySpan<byte> file, string name)
    {
        if (file.IsEmpty) throw Damaged(name, "is empty");
        if (file.Length % RecordLength != 0)
        {
            throw Damaged(
                name, $"is truncated or no CIFAR-10 batch ({file.Length} bytes are no multiple of {RecordLength})");
        }
        int count = file.Length / RecordLength;
        var batch = new CifarBatch(new int[count]);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> record = file.Slice(i * RecordLength, RecordLength);
            batch.Labels[i] = CheckLabel(record[0], i, name);
            Interleave(record[1..], batch.Image(i));
        }
        return batch;
    }

    /// <summary>Converts three planes [3, 32, 32] to one interleaved image [32, 32, 3].</summary>
    public static void Interleave(ReadOnlySpan<byte> planes, Span<byte> image)
    {
        ReadOnlySpan<byte> red = planes[..PlaneLength];
        ReadOnlySpan<byte> green = planes.Slice(PlaneLength, PlaneLength);
        ReadOnlySpan<byte> blue = planes.Slice(2 * PlaneLength, PlaneLength);
        for (int from = 0, to = 0; from < PlaneLength; from++, to += Cifar10.Channels)
        {
            image[to] = red[from];
            image[to + 1] = green[from];
            image[to + 2] = blue[from];
        }
    }

    /// <summary>Returns the label if it is 0 to 9; throws otherwise.</summary>
    public static int CheckLabel(long label, int index, string name) =>
        label is >= 0 and < Cifar10.Classes
            ? (int)label
            : throw Damaged(name, $"is no CIFAR-10 batch (image {index} has label {label}, not 0 to 9)");

    /// <summary>The error for an unusable batch file.</summary>
    public static InputException Damaged(string name, string what, Exception? cause = null)
    {
        string line = $"{name} {what}; delete it and download CIFAR-10 again";
        return cause is null ? new DataSetException(line) : new DataSetException(line, cause);
    }
}
