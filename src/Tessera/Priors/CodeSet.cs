using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Tessera.Data;
using Tessera.ImageRuns;
using Tessera.Models;
using Tessera.Runs;
using Tessera.Tensors;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Distributed;
using Tessera.Tensors.Ops;

namespace Tessera.Priors;

/// <summary>The codes of a set of images, with their classes.</summary>
public sealed class CodeSet
{
    private const int HashedAtOnce = 1 << 20;

    /// <summary>Creates a set.</summary>
    /// <param name="name">A name for messages: "cifar10 test".</param>
    /// <param name="codes">The codes of each image, <c>[images, length]</c>.</param>
    /// <param name="length">Codes of an image.</param>
    /// <param name="labels">The class of each image.</param>
    /// <param name="mirrored">
    /// The codes of the images mirrored left to right, in the same order; null if there are none.
    /// </param>
    /// <exception cref="ArgumentException">The lengths do not agree.</exception>
    public CodeSet(
        string name, int[] codes, int length, IReadOnlyList<int> labels, int[]? mirrored = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        if (codes.Length != (long)labels.Count * length || mirrored is not null && mirrored.Length != codes.Length)
            throw new ArgumentException($"{codes.Length} codes are not {labels.Count} images of {length} codes");
        (Name, Codes, Length, Labels, Mirrored) = (name, codes, length, labels, mirrored);
    }

    /// <summary>A name for messages.</summary>
    public string Name { get; }

    /// <summary>The codes of each image, <c>[images, length]</c>.</summary>
    public int[] Codes { get; }

    /// <summary>The codes of the mirrored images; null if there are none.</summary>
    public int[]? Mirrored { get; }

    /// <summary>Codes of an image.</summary>
    public int Length { get; }

    /// <summary>The class of each image.</summary>
    public IReadOnlyList<int> Labels { get; }

    /// <summary>The number of images.</summary>
    public int Count => Labels.Count;

    /// <summary>A text that is the same for the same set, so that processes can compare theirs.</summary>
    internal string Premise
    {
        get
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            foreach (int[] numbers in (int[][])[Codes, Mirrored ?? [], [.. Labels]])
            {
                ReadOnlySpan<int> rest = numbers;
                for (; rest.Length > HashedAtOnce; rest = rest[HashedAtOnce..])
                    hash.AppendData(MemoryMarshal.AsBytes(rest[..HashedAtOnce]));
                hash.AppendData(MemoryMarshal.AsBytes(rest));
            }
            return $"{Count} of {Name}, hash {Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 8))}";
        }
    }

    /// <summary>Images at equal distances in the set, without the mirrored ones.</summary>
    /// <param name="most">The most images.</param>
    internal CodeSet Spread(int most)
    {
        int count = Math.Min(most, Count);
        int[] chosen = [.. Enumerable.Range(0, count).Select(i => (int)((long)i * Count / count))];
        int[] codes = [.. chosen.SelectMany(i => Codes.AsSpan(i * Length, Length).ToArray())];
        return new CodeSet(Name, codes, Length, [.. chosen.Select(i => Labels[i])]);
    }

    /// <summary>Encodes images.</summary>
    /// <param name="model">The tokenizer.</param>
    /// <param name="images">The images, which fit the tokenizer.</param>
    /// <param name="flips">Whether the mirrored images are encoded too.</param>
    /// <param name="progress">
    /// Receives the number of images encoded so far; a mirrored image counts as another.
    /// </param>
    /// <param name="ranks">
    /// The processes that encode the images together, each a part of them; null for this one alone.
    /// </param>
    /// <param name="cancellation">Stops encoding between batches.</param>
    /// <exception cref="InputException">
    /// The images do not fit the tokenizer, or are not the same on all ranks.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static CodeSet Encode(
        VqVae model, ImageSet images, bool flips, IProgress<int>? progress = null, Collective? ranks = null,
        CancellationToken cancellation = default)
    {
        ranks ??= Collective.Lone;
        // The learner compares codes, and after this all ranks have the same.
        if (ranks.Size > 1)
            new RankAgreement(ranks).CheckSame("images", ImagePremise.Of(images) + (flips ? ", mirrored too" : ""));
        ImageFit.Check(model.Options, images.Width, images.Height, images.Channels);
        CheckMemory(model, images, flips);
        int[] codes = EncodeAll(model, images, isMirrored: false, ranks, done => progress?.Report(done), cancellation);
        int[]? mirrored = flips
            ? EncodeAll(
                model, images, isMirrored: true, ranks, done => progress?.Report(images.Count + done), cancellation)
            : null;
        int cell = model.Options.PixelsPerCode;
        return new CodeSet(
            images.Name, codes, images.Height / cell * (images.Width / cell) * model.Options.Cell.Codes,
            [.. Enumerable.Range(0, images.Count).Select(images.Label)], mirrored);
    }

    /// <summary>Codes are held in memory as one array, even those of images that are not.</summary>
    private static void CheckMemory(VqVae model, ImageSet images, bool flips)
    {
        int cell = model.Options.PixelsPerCode;
        long each = (long)(images.Height / cell) * (images.Width / cell) * model.Options.Cell.Codes * (flips ? 2 : 1);
        if (images.Count * each > Array.MaxLength)
            throw new InputException(
                $"the {images.Count} images of {images.Name} have {each} codes each"
                + (flips ? " with the mirrored ones" : "") + ", more than the "
                + $"{Array.MaxLength / each * each} that fit in memory; choose fewer images or a larger stride");
    }

    /// <summary>All ranks encode a batch of their own images at a time, and all get the codes of all.</summary>
    private static int[] EncodeAll(
        VqVae model, ImageSet images, bool isMirrored, Collective ranks, Action<int> report,
        CancellationToken cancellation)
    {
        int cell = model.Options.PixelsPerCode;
        int length = images.Height / cell * (images.Width / cell) * model.Options.Cell.Codes;
        var layout = new ImageLayout(images.Height, images.Width, images.Channels);
        int batch = Math.Min(ImageFit.BatchFor(images.Width, images.Height), Math.Max(images.Count, 1));
        int[] codes = new int[images.Count * length];
        byte[] pixels = new byte[batch * layout.Length];
        using Storage<byte> bytes = model.Device.Allocate<byte>(pixels.Length);
        int[] numbers = [.. Enumerable.Range(isMirrored ? batch : 0, batch)];
        using var pass = new RepeatedPass<Indices, Storage<int>>(
            model.Device, shape => Indices.From(numbers, shape, 2 * batch, model.Device),
            (tape, images) => model.Encode(tape.GatherImages(bytes, layout, images.On(tape))).Storage);
        int[] found = new int[batch * length], all = new int[ranks.Size * batch * length];
        (int First, int Count)[] parts =
            [.. Enumerable.Range(0, ranks.Size).Select(rank => ranks.ShareOf(images.Count, rank))];
        // The first rank has the most images.
        for (int done = 0, encoded = 0; done < parts[0].Count; done += batch)
        {
            // Together, so that none waits for one that has stopped.
            if (ranks.Any(cancellation.IsCancellationRequested)) throw new OperationCanceledException(cancellation);
            int[] counts = [.. parts.Select(part => Math.Clamp(part.Count - done, 0, batch))];
            int first = parts[ranks.Rank].First + done, count = counts[ranks.Rank];
            for (int i = 0; i < count; i++) images.Pixels(first + i).CopyTo(pixels.AsSpan(i * layout.Length));
            pass.Run(
                [batch], _ => model.Device.Upload<byte>(pixels, bytes), output => model.Device.Download(output, found));
            Span<int> received = all.AsSpan(0, counts.Sum() * length);
            ranks.Gather(found.AsSpan(0, count * length), received, [.. counts.Select(images => images * length)]);
            for (int rank = 0, at = 0; rank < counts.Length; at += counts[rank++] * length)
                received.Slice(at, counts[rank] * length).CopyTo(codes.AsSpan((parts[rank].First + done) * length));
            encoded += counts.Sum();
            report(encoded);
        }
        return codes;
    }
}
