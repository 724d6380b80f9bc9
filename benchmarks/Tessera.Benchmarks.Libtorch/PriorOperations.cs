using Tessera.Benchmarks.Worker;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Tessera.Benchmarks.Libtorch;

/// <summary>A training step of a prior with Adam; its check is the loss.</summary>
internal sealed class PriorTrainOperation : Operation
{
    private readonly ReferencePrior _prior;
    private readonly Adam _optimizer;
    private readonly Tensor _inputs, _targets;
    private float _loss;

    public PriorTrainOperation(int batch, int width, int layers, int heads)
    {
        _prior = new ReferencePrior(width, layers, heads);
        _optimizer = optim.Adam(_prior.Trained, lr: 1e-3);
        Tensor codes = arange(batch * ReferencePrior.Length, int64).mul(ReferencePrior.CodeStep)
            .remainder(ReferencePrior.Codes).view(batch, ReferencePrior.Length);
        Tensor firsts = arange(batch, int64).remainder(ReferencePrior.Classes) + ReferencePrior.Codes;
        _inputs = cat([firsts.unsqueeze(1), codes.slice(1, 0, ReferencePrior.Length - 1, 1)], 1);
        _targets = codes.flatten();
    }

    public override void Run()
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (Parameter parameter in _prior.Trained) parameter.grad = null;
        Tensor loss = nn.functional.cross_entropy(_prior.Forward(_inputs).flatten(0, 1), _targets);
        loss.backward();
        _optimizer.step();
        _loss = loss.item<float>();
    }

    public override double Check() => _loss;
}

/// <summary>
/// Samples with guidance 1, always the most likely code, without a cache: each position computes all before it again.
/// Its check is the mean code.
/// </summary>
internal sealed class PriorSampleOperation(int count, int width, int layers, int heads) : TensorOperation
{
    private readonly ReferencePrior _prior = new(width, layers, heads);

    protected override Tensor Compute()
    {
        Tensor firsts = arange(count, int64).remainder(ReferencePrior.Classes) + ReferencePrior.Codes;
        Tensor inputs = cat([firsts, full(count, ReferencePrior.Any, int64)]).unsqueeze(1);
        for (int position = 0; position < ReferencePrior.Length; position++)
        {
            Tensor[] logits = _prior.Forward(inputs).select(1, position).chunk(2, 0);
            Tensor codes = (logits[1] + (logits[0] - logits[1]).mul(2)).argmax(1);
            inputs = cat([inputs, cat([codes, codes]).unsqueeze(1)], 1);
        }
        return inputs.slice(0, 0, count, 1).slice(1, 1, ReferencePrior.Length + 1, 1);
    }

    protected override Tensor Number(Tensor result) => result.mean();
}
