using System.Numerics.Tensors;
using Tessera.Imaging;
using Tessera.Inspection;
using Tessera.Priors;
using Tessera.Studio.Contract;
using Tessera.Studio.Http;
using Tessera.Studio.Models;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Random;

namespace Tessera.Studio.Samples;

/// <summary>Draws some images, and keeps what is drawn for those who listen.</summary>
internal sealed class Drawing : IDisposable
{
    private const int BackgroundCells = 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly int[][] _codes;
    private readonly float[][] _nats;
    private readonly int _rows, _columns;
    private long _heard = Environment.TickCount64, _decoded;
    private int _listeners, _drawn;
    private DrawnImageAnswer? _image;
    private DoneAnswer? _done;
    private string? _error;

    public Drawing(string id, int count, CodePriorOptions prior)
    {
        (Id, _rows, _columns) = (id, prior.Rows, prior.Columns);
        _codes = [.. Enumerable.Range(0, count).Select(_ => new int[prior.Length])];
        _nats = [.. Enumerable.Range(0, count).Select(_ => new float[prior.Length])];
    }

    /// <summary>Its id.</summary>
    public string Id { get; }

    /// <summary>Whether it still draws.</summary>
    public bool IsUnderWay
    {
        get
        {
            lock (_lock) return _done is null && _error is null;
        }
    }

    /// <summary>Whether nobody has listened for a minute.</summary>
    public bool IsForgotten
    {
        get
        {
            lock (_lock) return _listeners == 0 && Environment.TickCount64 - _heard > Patience.TotalMilliseconds;
        }
    }

    /// <summary>What there is now.</summary>
    public (int Drawn, DrawnImageAnswer? Image, DoneAnswer? Done, string? Error) State
    {
        get
        {
            lock (_lock) return (_drawn, _image, _done, _error);
        }
    }

    /// <summary>The codes of some places.</summary>
    public DrawnAnswer Places(int from, int to)
    {
        lock (_lock)
            return new DrawnAnswer(
                from, to, [.. _codes.Select(codes => codes[from..to])], [.. _nats.Select(nats => nats[from..to])]);
    }

    /// <summary>Begins or ends to listen.</summary>
    public void Listen(int change)
    {
        lock (_lock) (_listeners, _heard) = (_listeners + change, Environment.TickCount64);
    }

    /// <summary>Stops it.</summary>
    public void Stop() => _stop.Cancel();

    /// <summary>Draws; the result or the failure is in <see cref="State"/>.</summary>
    /// <param name="open">Opens the models, which this disposes.</param>
    /// <param name="labels">The class of each image.</param>
    /// <param name="options">How codes are drawn.</param>
    /// <param name="given">Given codes; empty to draw all.</param>
    /// <param name="first">The number of the first image.</param>
    public void Run(Func<Device, ImageSampler> open, int?[] labels, SamplingOptions options, int[] given, long first)
    {
        try
        {
            // A device of its own, so that the editor goes on meanwhile.
            using Device device = Device.Create(LoadedModel.Processor);
            using ImageSampler models = open(device);
            using var sampler = new CodeSampler(models.Prior);
            var probe = new ModelProbe(models.Tokenizer.Model);
            float[] background = Background(probe);
            int[] codes = sampler.Draw(
                labels, options, given, first, progress: null, place => Take(place, probe, background), _stop.Token);
            Image[] images = models.Decode(codes);
            Finish(images);
        }
        catch (OperationCanceledException)
        {
            Fail("stopped");
        }
        // Nobody else would see it, and those who listen would wait for ever.
        catch (Exception e)
        {
            Fail(ErrorAnswers.MessageOf(e).ReplaceLineEndings(" "));
        }
    }

    public void Dispose() => _stop.Dispose();

    private void Take(DrawnPosition position, ModelProbe probe, float[] background)
    {
        if (IsForgotten) _stop.Cancel();
        int size = position.Logits.Length / position.Codes.Length;
        lock (_lock)
        {
            for (int i = 0; i < position.Codes.Length; i++)
            {
                int code = position.Codes.Span[i];
                _codes[position.First + i][position.Position] = code;
                _nats[position.First + i][position.Position] =
                    NatsOf(position.Logits.Span.Slice(i * size, size), code);
            }
            // Several passes: a place counts once the last images have it.
            if (position.First + position.Codes.Length == _codes.Length) _drawn = position.Position + 1;
        }
        if (_listeners == 0 || Environment.TickCount64 - _decoded < EventStream.Interval.TotalMilliseconds) return;
        _image = new DrawnImageAnswer(_drawn, ImageFile.EncodePng(Decode(probe, background)));
        _decoded = Environment.TickCount64;
    }

    /// <summary>All images in a row; cells that are not drawn yet are background.</summary>
    private Image Decode(ModelProbe probe, float[] background)
    {
        int perCell = probe.Model.Options.Cell.Codes, cells = _drawn / perCell;
        LatentMaps maps = probe.Lookup([.. _codes.SelectMany(codes => codes)], _codes.Length, _rows, _columns);
        for (int i = 0; i < maps.Count; i++)
        {
            Span<float> map = maps.Of(i);
            for (int cell = cells; cell < maps.Cells; cell++) background.CopyTo(map[(cell * maps.Dimensions)..]);
        }
        return ImageGrid.Make(probe.Decode(maps), maps.Count, padding: 0);
    }

    private void Finish(Image[] images)
    {
        byte[] row = ImageFile.EncodePng(ImageGrid.Make(images, images.Length, padding: 0));
        lock (_lock)
        {
            _image = new DrawnImageAnswer(_drawn, row);
            _done = new DoneAnswer(
                _codes, _nats, [.. _nats.Select(nats => nats.Average(value => (double)value))],
                [.. images.Select(ImageFile.EncodePng)]);
        }
    }

    private void Fail(string error)
    {
        lock (_lock) _error = error;
    }

    /// <summary>The mean vector of many random cells, the calmest that the decoder knows.</summary>
    private static float[] Background(ModelProbe probe)
    {
        int perCell = probe.Model.Options.Cell.Codes, size = probe.Model.Options.Codes;
        var random = new CounterRandom(seed: 1, stream: 0);
        int[] codes =
            [.. Enumerable.Range(0, BackgroundCells * perCell).Select(i => (int)(random.Uniform((ulong)i) * size))];
        LatentMaps maps = probe.Lookup(codes, 1, 1, BackgroundCells);
        float[] mean = new float[maps.Dimensions];
        for (int cell = 0; cell < BackgroundCells; cell++)
            TensorPrimitives.Add(mean, maps.Of(0).Slice(cell * mean.Length, mean.Length), mean);
        TensorPrimitives.Divide(mean, BackgroundCells, mean);
        return mean;
    }

    private static float NatsOf(ReadOnlySpan<float> logits, int code)
    {
        float largest = TensorPrimitives.Max(logits);
        double sum = 0;
        foreach (float logit in logits) sum += Math.Exp(logit - largest);
        return (float)(Math.Log(sum) + largest - logits[code]);
    }
}
