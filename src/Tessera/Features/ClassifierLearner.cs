using Tessera.Data;
using Tessera.ImageRuns;
using Tessera.Runs;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Distributed;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Random;

namespace Tessera.Features;

/// <summary>
/// Trains a classifier on the labels of images: the mean cross-entropy of the class and of whether the image is sharp,
/// blurred or grainy, which a third of each batch is made to be.
/// </summary>
/// <example><code>
/// using var learner = new ClassifierLearner(ClassifierRun.Create("runs/features", options), train, test);
/// using var trainer = new Trainer(learner);
/// trainer.Run();
/// double accuracy = learner.Evaluation!.Accuracy;
/// </code></example>
public sealed class ClassifierLearner : Learner
{
    private const int Nats = 0, PixelsPerBatch = 64 * 32 * 32;

    private readonly ImageSet _train, _test;
    private readonly ImageBatches _batches;
    private readonly BatchSampler _sampler;
    private readonly BlockIntegers _labels, _update;
    private readonly DropoutMask _grain;
    private readonly Indices _targets;

    /// <summary>Creates the model with its initial weights.</summary>
    /// <param name="run">The run folder.</param>
    /// <param name="train">The training images, with the channels and classes that the run's options state.</param>
    /// <param name="test">The images to evaluate on.</param>
    /// <param name="device">
    /// The device; null for the one that the run's options name, which this object disposes.
    /// </param>
    /// <param name="ranks">The processes that train together; null for one alone.</param>
    /// <exception cref="InputException">
    /// An option is out of range, the images do not fit the model, or there is no such device.
    /// </exception>
    public ClassifierLearner(
        ClassifierRun run, ImageSet train, ImageSet test, Device? device = null, Collective? ranks = null)
        : base(run, device, numbersPerImage: 2, ranks)
    {
        (_train, _test) = (train, test);
        try
        {
            ClassifierOptions options = run.Options;
            Model = new Classifier(options.Model, options.Seed, Device);
            CheckFit(train);
            CheckFit(test);
            _batches = new ImageBatches(train, Block, options.Batch, options.Seed, options.Flips, Share);
            _sampler = new BatchSampler(train.Count, options.Seed);
            _labels = Block.ReserveIntegers(Share?.Count ?? options.Batch);
            _targets = _labels.AsIndices(Degradation.Kinds * options.Model.Classes.Count);
            _update = Block.ReserveIntegers(1);
            _grain = new DropoutMask(Degradation.Grain, options.Seed, RandomStreams.Dropout, _update.Storage);
        }
        catch
        {
            Dispose(disposing: true);
            throw;
        }
    }

    /// <summary>The run folder.</summary>
    public new ClassifierRun Run => (ClassifierRun)base.Run;

    /// <inheritdoc/>
    public override Classifier Model { get; }

    /// <summary>The last evaluation on the test images; null before the first.</summary>
    public ClassifierEvaluation? Evaluation { get; private set; }

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Measures { get; } = [new("nats", MeasureKind.Mean, InSeries: true)];

    /// <inheritdoc/>
    public override IReadOnlyList<string> EvaluationColumns { get; } = ["accuracy", "nats"];

    /// <inheritdoc/>
    protected internal override IEnumerable<(string Name, string Text)> Premises =>
        [("training images", ImagePremise.Of(_train)), ("test images", ImagePremise.Of(_test))];

    /// <summary>The weights; biases do not decay.</summary>
    public override ParameterRoles Decayed => ParameterRoles.Matrix;

    /// <inheritdoc/>
    public override void Prepare(long update)
    {
        _batches.Prepare(update);
        _update.Values[0] = (int)update;
        // The same images again, in the order of the batch.
        Span<int> labels = _labels.Values;
        int batch = Run.Options.Batch, first = Share?.First ?? 0;
        _sampler.Fill(update, batch, first, labels);
        int classes = Model.Sizes.Classes.Count;
        for (int i = 0; i < labels.Length; i++)
            labels[i] = _train.Label(labels[i]) + classes * Degradation.KindOf(first + i, batch);
    }

    /// <inheritdoc/>
    public override Tensor Loss(Tape tape, UpdateLog log)
    {
        Tensor loss = Model.Forward(Degradation.Of(_batches.Load(tape), _grain)).CrossEntropy(_targets);
        log.Record(Nats, loss);
        return loss;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<object?> Evaluate(long update, CancellationToken cancellation)
    {
        int batch = Math.Clamp(PixelsPerBatch / (_test.Height * _test.Width), 1, _test.Count);
        int batches = (_test.Count + batch - 1) / batch;
        // Each rank measures some of the batches and leaves 0 for the others.
        double[] nats = new double[batches];
        int[] right = new int[batches];
        using var tape = new Tape(Device, recording: false);
        for (int i = Ranks.Rank; i < batches; i += Ranks.Size)
        {
            cancellation.ThrowIfCancellationRequested();
            (nats[i], right[i]) = Measure(tape, i * batch, Math.Min(batch, _test.Count - i * batch));
            tape.Reset();
        }
        Ranks.Sum<double>(nats);
        Ranks.Sum<int>(right);
        Evaluation = new ClassifierEvaluation(
            _test.Count, (double)right.Sum() / _test.Count, nats.Sum() / _test.Count);
        return [Evaluation.Accuracy, Evaluation.Nats];
    }

    /// <inheritdoc/>
    public override void WriteModel(Stream stream) => FeatureFile.Write(stream, Model.Features, Model.State(), []);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _batches?.Dispose();
        Model?.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>The nats of a batch of test images, added up, and how many of them are classified right.</summary>
    private (double Nats, int Right) Measure(Tape tape, int first, int count)
    {
        int length = _test.Height * _test.Width * _test.Channels, classes = Model.Sizes.Classes.Count;
        float[] pixels = new float[count * length];
        int[] labels = [.. Enumerable.Range(first, count).Select(_test.Label)];
        for (int i = 0; i < count; i++)
            PixelValues.FromBytes(_test.Pixels(first + i), pixels.AsSpan(i * length, length));
        // Among the classes of sharp images.
        Tensor logits = Model.Forward(tape.Input(pixels, [count, _test.Height, _test.Width, _test.Channels]))
            .Columns(0, classes);
        float[] values = logits.ToArray();
        int right = 0;
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<float> row = values.AsSpan(i * classes, classes);
            if (System.Numerics.Tensors.TensorPrimitives.IndexOfMax(row) == labels[i]) right++;
        }
        double nats = count * (double)logits.CrossEntropy(tape.Indices(labels, [count], classes)).Item();
        return (nats, right);
    }

    private void CheckFit(ImageSet images)
    {
        if (images.Count == 0)
            throw new InputException($"{images.Name} holds no images; add some, or choose another set");
        Model.Features.CheckFit(images.Height, images.Width, images.Channels);
        if (!images.ClassNames.SequenceEqual(Model.Sizes.Classes))
            throw new InputException(
                $"the classes of {images.Name} are not those of the classifier: "
                + $"{string.Join(", ", Model.Sizes.Classes)}");
    }
}
