using Tessera.Priors;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Optim;

namespace Tessera.Benchmarks.Worker;

/// <summary>A prior over 8x8 codes of 512 with ten classes.</summary>
internal static class BenchmarkPrior
{
    public const int Classes = 10, Codes = 512, Side = 8, CodeStep = 7919;
    private const ulong Seed = 1;

    public static CodePrior Create(CpuDevice device, int width, int layers, int heads) => new(
        new CodePriorOptions
        {
            Codes = Codes,
            Rows = Side,
            Columns = Side,
            Width = width,
            Layers = layers,
            Heads = heads,
            Classes = [.. Enumerable.Range(0, Classes).Select(i => $"class {i}")],
        },
        Seed, device);
}

/// <summary>A training step of a prior with Adam; its check is the loss.</summary>
internal sealed class PriorTrainOperation : Operation, IDisposable
{
    private readonly CodePrior _prior;
    private readonly Adam _optimizer;
    private readonly Tape _tape;
    private readonly Indices _inputs, _targets;
    private float _loss;

    public PriorTrainOperation(CpuDevice device, int batch, int width, int layers, int heads)
    {
        _prior = BenchmarkPrior.Create(device, width, layers, heads);
        _optimizer = new Adam(_prior, learningRate: 1e-3f);
        _tape = new Tape(device);
        int length = _prior.Options.Length;
        int[] codes =
        [
            .. Enumerable.Range(0, batch * length).Select(i => i * BenchmarkPrior.CodeStep % BenchmarkPrior.Codes),
        ];
        int[] inputs = [.. codes.Select((_, i) => i % length == 0
            ? _prior.Options.FirstInput(i / length % BenchmarkPrior.Classes)
            : codes[i - 1])];
        _inputs = Indices.From(inputs, [batch, length], _prior.Inputs, device);
        _targets = Indices.From(codes, [batch, length], BenchmarkPrior.Codes, device);
    }

    public override void Run()
    {
        _tape.Reset();
        _prior.ClearGradients();
        Tensor loss = _prior.Forward(_inputs.On(_tape)).CrossEntropy(_targets.On(_tape));
        _tape.Backward(loss);
        _optimizer.Step();
        _loss = loss.Item();
    }

    public override double Check() => _loss;

    public void Dispose()
    {
        _tape.Dispose();
        _optimizer.Dispose();
        _prior.Dispose();
    }
}

/// <summary>Samples with guidance 1, always the most likely code; its check is the mean code.</summary>
internal sealed class PriorSampleOperation(CpuDevice device, int count, int width, int layers, int heads)
    : Operation, IDisposable
{
    private readonly CodePrior _prior = BenchmarkPrior.Create(device, width, layers, heads);
    private readonly int?[] _labels = [.. Enumerable.Range(0, count).Select(i => (int?)(i % BenchmarkPrior.Classes))];
    private CodeSampler? _sampler;
    private int[] _codes = [];

    public override void Prepare() => _sampler ??= new CodeSampler(_prior);

    public override void Run() => _codes = _sampler!.Sample(_labels, new SamplingOptions { Guidance = 1, TopK = 1 });

    public override double Check() => _codes.Average();

    public void Dispose()
    {
        _sampler?.Dispose();
        _prior.Dispose();
    }
}
