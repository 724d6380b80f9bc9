using Tessera.Runs;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Random;

namespace Tessera.Tests.Runs;

/// <summary>The options of a run that fits a linear function: those of every run.</summary>
internal sealed record LineOptions : RunOptions;

/// <summary>The folder of such a run.</summary>
internal sealed class LineRun(string path, LineOptions options) : RunFolder(path, options)
{
    public static LineRun Create(string path, LineOptions options)
    {
        Create(path, full => File.WriteAllText(ConfigPathOf(full), "{}"));
        return new LineRun(path, options);
    }
}

/// <summary>
/// The smallest learner: linear regression of <c>y = 2 a - b + 0.5</c> by a 1x1 convolution, with measures and columns
/// of its own.
/// </summary>
internal sealed class LineLearner : Learner
{
    private const int Points = 50;

    private readonly BlockIntegers _numbers;
    private readonly Indices _rows;
    private readonly ulong _seed;

    public LineLearner(LineRun run, Device? device = null) : base(run, device)
    {
        _seed = run.Options.Seed;
        Model = new Conv2d(2, 1, 1, new Initializer(_seed, Device));
        float[] inputs = new float[2 * Points];
        new CounterRandom(1, stream: 0).FillNormal(inputs);
        Inputs = Tensor.From(inputs, [Points, 2], Device);
        Targets = Tensor.From(
            [.. inputs.Chunk(2).Select(point => 2 * point[0] - point[1] + 0.5f)], [Points, 1], Device);
        _numbers = Block.ReserveIntegers(run.Options.Batch);
        _rows = _numbers.AsIndices(Points);
    }

    public override Conv2d Model { get; }

    /// <summary>The points, <c>[points, 2]</c>.</summary>
    public Tensor Inputs { get; }

    /// <summary>The values at the points, <c>[points, 1]</c>.</summary>
    public Tensor Targets { get; }

    /// <summary>What an evaluation gives as the slope, in place of the model's.</summary>
    public double? Slope { get; init; }

    /// <summary>The calls of <see cref="BeforeFirstUpdate"/>, and the updates of <see cref="Restored"/>.</summary>
    public List<string> Calls { get; } = [];

    public override IReadOnlyList<Measure> Measures { get; } =
    [
        new("squared_error", MeasureKind.Mean, InSeries: true), new("bias", MeasureKind.Last),
        new("odd_updates", MeasureKind.Sum),
    ];

    public override IReadOnlyList<string> EvaluationColumns { get; } = ["error", "slope"];

    public override void LoadInitialWeights() => Calls.Add("initial weights");

    public override void Restored(long update) => Calls.Add($"restored {update}");

    public override void BeforeFirstUpdate() => Calls.Add("before the first update");

    public override void Prepare(long update)
    {
        for (int i = 0; i < _numbers.Values.Length; i++)
            _numbers.Values[i] = new CounterRandom(_seed, (ulong)update).Below((ulong)i, Points);
    }

    public override Tensor Loss(Tape tape, UpdateLog log)
    {
        Indices rows = _rows.On(tape);
        Tensor error = Predict(Inputs.GatherRows(rows)).MeanSquaredError(Targets.GatherRows(rows));
        log.Record(0, error);
        log.Record(1, Model.Bias!);
        return error;
    }

    public override void AfterUpdate(long update, double done, UpdateLog log) => log.Record(2, (update + 1) % 2);

    public override IReadOnlyList<object?> Evaluate(long update, CancellationToken cancellation)
    {
        using var tape = new Tape(Device, recording: false);
        double error = Predict(Inputs.On(tape)).MeanSquaredError(Targets).Item();
        return [error, Slope ?? Model.Weight.ToArray()[0]];
    }

    protected override void Dispose(bool disposing)
    {
        Model.Dispose();
        Inputs.Dispose();
        Targets.Dispose();
        base.Dispose(disposing);
    }

    private Tensor Predict(Tensor points) =>
        Model.Forward(points.Reshape([1, 1, points.Shape[0], 2])).Reshape([points.Shape[0], 1]);
}
