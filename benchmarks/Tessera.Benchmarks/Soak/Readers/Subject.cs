using Tessera.Data;

namespace Tessera.Benchmarks.Soak.Readers;

/// <summary>A valid file of a reader.</summary>
/// <param name="Name">Its path in the subject's folder, with '/'.</param>
/// <param name="Bytes">What is damaged.</param>
internal sealed record Sample(string Name, byte[] Bytes)
{
    /// <summary>Makes the file of the damaged bytes: packs them, or mends checksums; as it is, if null.</summary>
    public Func<byte[], byte[]>? Wrap { get; init; }
}

/// <summary>A reader, with what it reads and how damage is judged.</summary>
/// <param name="Name">The name in the table and of the folder.</param>
/// <param name="Weight">Its part of all files.</param>
/// <param name="Samples">Valid files.</param>
/// <param name="Read">Reads all of a file, whose path it receives.</param>
internal sealed record Subject(string Name, int Weight, IReadOnlyList<Sample> Samples, Action<string> Read)
{
    private const long UsualMegabytes = 256;
    private const double UsualMilliseconds = 5000;

    /// <summary>The most megabytes that reading may take.</summary>
    public long MostMegabytes { get; init; } = UsualMegabytes;

    /// <summary>The most milliseconds of processor time that reading may take.</summary>
    public double MostMilliseconds { get; init; } = UsualMilliseconds;

    /// <summary>Whether memory outside the managed heap counts, which takes longer to measure.</summary>
    public bool UsesNativeMemory { get; init; }

    /// <summary>
    /// Whether <see cref="InvalidDataException"/> is the reader's exception: those of the engine know no users.
    /// </summary>
    public bool IsEngine { get; init; }

    /// <summary>Puts the folder back as it was, where a file alone is not enough.</summary>
    public Action? Restore { get; init; }

    /// <summary>A damaged file.</summary>
    /// <param name="seed">The seed of all files.</param>
    /// <param name="number">The number of the file.</param>
    /// <returns>The sample that was damaged, and the file.</returns>
    public (Sample Sample, byte[] File) Case(int seed, int number)
    {
        var random = new Random(Mixed(seed, number));
        Sample sample = Samples[random.Next(Samples.Count)], other = Samples[random.Next(Samples.Count)];
        byte[] changed = Mutation.Apply(sample.Bytes, other.Bytes, random);
        return (sample, sample.Wrap is { } wrap ? wrap(changed) : changed);
    }

    /// <summary>Null if a reader may end in this way; else why it may not.</summary>
    public string? Fault(Exception e)
    {
        if (e is not InputException && !(IsEngine && e is InvalidDataException)) return "an exception of another kind";
        if (e.Message.Length == 0) return "a message without text";
        return e is not DamagedImagesException && e.Message.Contains('\n', StringComparison.Ordinal)
            ? "a message of several lines"
            : null;
    }

    private int Mixed(int seed, int number)
    {
        ulong hash = 14695981039346656037;
        foreach (char c in Name) hash = (hash ^ c) * 1099511628211;
        hash ^= ((ulong)(uint)seed << 32) | (uint)number;
        hash = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9;
        hash = (hash ^ (hash >> 27)) * 0x94D049BB133111EB;
        return (int)(hash >> 33);
    }
}
