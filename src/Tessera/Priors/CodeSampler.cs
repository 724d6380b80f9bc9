using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Random;

namespace Tessera.Priors;

/// <summary>
/// Draws the codes of images from a prior, one position after the other. A sample depends on the prior, its number, its
/// class and the options alone: not on the other samples, the batch or the number of threads.
/// </summary>
/// <remarks>
/// Keys and values of the positions before are cached. Serves one thread at a time. The caller keeps the prior.
/// </remarks>
/// <example><code>
/// using var sampler = new CodeSampler(prior);
/// int[] codes = sampler.Sample([3, 3, null], new SamplingOptions { Seed = 7 });   // two of class 3, one of any
/// </code></example>
public sealed class CodeSampler : IDisposable
{
    /// <summary>The value that marks a position to be drawn.</summary>
    public const int Open = -1;

    // Sequences of a batch: enough to use each weight many times from the processor's cache; fewer if what they keep
    // would take more than 256 MB.
    private const int MostSequences = 128, MostNumbers = 1 << 26;

    private readonly CodePrior _prior;
    private readonly Tape _tape;
    private readonly ParallelOptions _threads;
    private PriorCache? _cache;
    private Action[] _steps = [];
    private Storage<float>[] _logits = [];

    /// <summary>Creates the sampler of a prior.</summary>
    /// <param name="prior">The prior.</param>
    public CodeSampler(CodePrior prior)
    {
        (_prior, _tape) = (prior, new Tape(prior.Device, recording: false));
        _threads = new ParallelOptions
        {
            MaxDegreeOfParallelism = prior.Device.Threads > 0 ? prior.Device.Threads : Environment.ProcessorCount,
        };
    }

    /// <summary>Draws samples.</summary>
    /// <param name="labels">The class of each sample, an index into the prior's classes; null for any.</param>
    /// <param name="options">How codes are drawn.</param>
    /// <param name="given">
    /// Codes that are given, <c>[samples, length]</c>, with <see cref="Open"/> where they are drawn; null to draw all.
    /// </param>
    /// <param name="firstNumber">The number of the first sample: samples 8 to 15 continue samples 0 to 7.</param>
    /// <param name="progress">Receives the part that is done, 0 to 1.</param>
    /// <param name="cancellation">Stops it between positions.</param>
    /// <returns>The codes, <c>[samples, length]</c>.</returns>
    /// <exception cref="InputException">An option is out of range.</exception>
    /// <exception cref="ArgumentException">A class or a given code is unknown to the prior.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public int[] Sample(
        IReadOnlyList<int?> labels, SamplingOptions options, ReadOnlySpan<int> given = default, long firstNumber = 0,
        IProgress<double>? progress = null, CancellationToken cancellation = default) =>
        Draw(labels, options, given, firstNumber, progress, drawn: null, cancellation);

    /// <summary>As <see cref="Sample"/>, and shows each position when it is drawn.</summary>
    internal int[] Draw(
        IReadOnlyList<int?> labels, SamplingOptions options, ReadOnlySpan<int> given, long firstNumber,
        IProgress<double>? progress, Action<DrawnPosition>? drawn, CancellationToken cancellation)
    {
        options.Validate();
        int length = _prior.Options.Length;
        Check(labels, given);
        int[] codes = new int[checked(labels.Count * length)];
        if (given.IsEmpty) Array.Fill(codes, Open);
        else given.CopyTo(codes);
        int batch = BatchFor(guided: options.Guidance > 0);
        int passes = (labels.Count + batch - 1) / batch;
        for (int pass = 0; pass < passes; pass++)
        {
            int first = pass * batch, count = Math.Min(batch, labels.Count - first), done = pass;
            int?[] some = [.. labels.Skip(first).Take(count)];
            SampleBatch(
                some, options, codes.AsMemory(first * length, count * length), firstNumber + first,
                part => progress?.Report((done + part) / passes),
                drawn is null ? null : position => drawn(position with { First = first }), cancellation);
        }
        return codes;
    }

    /// <summary>Frees the cache and the working memory.</summary>
    public void Dispose()
    {
        _prior.Device.Forget(this);
        _tape.Dispose();
        _cache?.Dispose();
    }

    private void SampleBatch(
        int?[] labels, SamplingOptions options, Memory<int> codes, long firstNumber, Action<double> report,
        Action<DrawnPosition>? drawn, CancellationToken cancellation)
    {
        int count = labels.Length, length = _prior.Options.Length, size = _prior.Options.Codes;
        bool guided = options.Guidance > 0 && labels.Any(label => label is not null);
        // With guidance, the second half of the sequences has no class.
        int[] inputs = [.. labels.Select(_prior.Options.FirstInput)];
        if (guided) inputs = [.. inputs, .. labels.Select(_ => _prior.Options.AnyClass)];
        PriorCache cache = CacheFor(inputs.Length);
        float[] logits = new float[inputs.Length * size];
        CounterRandom[] random =
            [.. Enumerable.Range(0, count).Select(i => new CounterRandom(
                options.Seed, RandomStreams.Samples + (ulong)(firstNumber + i)))];
        for (int position = 0; position < length; position++)
        {
            cancellation.ThrowIfCancellationRequested();
            cache.Inputs.CopyFrom(inputs);
            // A device may record each position and replay it for the next samples.
            _prior.Device.Submit(_steps[position], this);
            _prior.Device.Download(_logits[position], logits);
            _tape.Reset();
            int at = position;
            Parallel.For(0, count, _threads, () => new CodeDraw(size, options), (i, _, draw) =>
            {
                ref int code = ref codes.Span[i * length + at];
                if (code == Open)
                    code = draw.Draw(
                        logits.AsSpan(i * size, size), guided ? logits.AsSpan((count + i) * size, size) : [],
                        random[i].Uniform((ulong)at));
                inputs[i] = code;
                if (guided) inputs[count + i] = code;
                return draw;
            }, _ => { });
            drawn?.Invoke(new DrawnPosition(0, position, inputs.AsMemory(0, count), logits.AsMemory(0, count * size)));
            report((position + 1.0) / length);
        }
    }

    private int BatchFor(bool guided)
    {
        long each = 3L * _prior.Options.Length * _prior.Options.Width * _prior.Options.Layers;
        int sequences = (int)Math.Clamp(MostNumbers / each, guided ? 2 : 1, MostSequences);
        return guided ? sequences / 2 : sequences;
    }

    private PriorCache CacheFor(int sequences)
    {
        if (_cache is { } kept && kept.Sequences == sequences) return kept;
        _prior.Device.Forget(this);
        _cache?.Dispose();
        var cache = new PriorCache(_prior, sequences);
        _logits = new Storage<float>[_prior.Options.Length];
        _steps =
        [
            .. Enumerable.Range(0, _logits.Length).Select<int, Action>(
                position => () => _logits[position] = _prior.At(position, cache, _tape).Storage),
        ];
        return _cache = cache;
    }

    private void Check(IReadOnlyList<int?> labels, ReadOnlySpan<int> given)
    {
        if (!given.IsEmpty && given.Length != (long)labels.Count * _prior.Options.Length)
            throw new ArgumentException(
                $"{given.Length} given codes are not {labels.Count} samples of {_prior.Options.Length}", nameof(given));
        foreach (int code in given)
        {
            if (code < Open || code >= _prior.Options.Codes)
                throw new ArgumentException($"the prior has no code {code}", nameof(given));
        }
        foreach (int? label in labels)
        {
            if (label is { } number && (number < 0 || number >= _prior.Options.Classes.Count))
                throw new ArgumentException($"the prior has no class {number}", nameof(labels));
        }
    }
}
