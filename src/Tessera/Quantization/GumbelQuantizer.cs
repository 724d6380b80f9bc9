using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;
using static Tessera.InputException;

namespace Tessera.Quantization;

/// <summary>The options of a <see cref="GumbelQuantizer"/>.</summary>
public sealed record GumbelQuantizerOptions : QuantizerOptions
{
    internal const string KindName = "gumbel";

    /// <summary>The temperature of the first update, above 0.</summary>
    public float Temperature { get; init; } = 1;

    /// <summary>The temperature from update <see cref="TemperatureUpdates"/> on, above 0.</summary>
    public float LastTemperature { get; init; } = 1f / 16;

    /// <summary>The updates in which the temperature falls, by a cosine, at least 1.</summary>
    public int TemperatureUpdates { get; init; } = 5000;

    /// <summary>The weight of the divergence of the codes' probabilities from uniform ones, at least 0.</summary>
    public float Divergence { get; init; } = 5e-4f;

    /// <inheritdoc/>
    public override string Kind => KindName;

    /// <inheritdoc/>
    public override string Summary => "drawn by logits (Gumbel-softmax)";

    /// <inheritdoc/>
    public override bool HasResiduals => false;

    /// <inheritdoc/>
    public override Quantizer Create(int codes, int codeDim, Initializer initializer, int level = 0) =>
        new GumbelQuantizer(codes, codeDim, this, initializer);

    /// <inheritdoc/>
    public override void Validate()
    {
        ThrowUnless(
            Temperature > 0 && float.IsFinite(Temperature),
            nameof(Temperature), $"must be a number above 0, not {Temperature}");
        ThrowUnless(
            LastTemperature > 0 && float.IsFinite(LastTemperature),
            nameof(LastTemperature), $"must be a number above 0, not {LastTemperature}");
        ThrowUnless(
            TemperatureUpdates >= 1, nameof(TemperatureUpdates), $"must be at least 1, not {TemperatureUpdates}");
        ThrowUnless(
            Divergence >= 0 && float.IsFinite(Divergence),
            nameof(Divergence), $"must be a number of at least 0, not {Divergence}");
    }
}

/// <summary>
/// The Gumbel-softmax quantizer of the discrete VAE (Ramesh et al., "Zero-Shot Text-to-Image Generation", 2021, section
/// 2.1; Jang et al. 2017): a linear map gives logits of all codes. In training the decoder receives a mixture of the
/// codes' vectors, with the weights <c>softmax((logits + g) / T)</c>, g being Gumbel noise; T falls from update to
/// update by a cosine. Otherwise it receives the vector of the largest logit. The loss is
/// <c>divergence * KL(softmax(logits) | uniform)</c>, the mean over the vectors.
/// </summary>
public sealed class GumbelQuantizer : Quantizer
{
    private readonly GumbelQuantizerOptions _options;
    private readonly Conv2d _projection;
    private readonly Tensor _codebook, _largestEntropy;
    private readonly NoiseSource _noise;
    private readonly Indices _update;
    private BlockIntegers? _shared;
    private UpdateBlock? _block;
    private Number _temperature;
    private long _updates;

    /// <summary>Creates the quantizer; its codes start with standard normal elements.</summary>
    /// <param name="codes">Codes in the codebook.</param>
    /// <param name="codeDim">Dimensions of a code, and of the vectors.</param>
    /// <param name="options">The quantizer's options.</param>
    /// <param name="initializer">Initializes the map and the codebook.</param>
    public GumbelQuantizer(int codes, int codeDim, GumbelQuantizerOptions options, Initializer initializer)
    {
        _options = options;
        _projection = Child("_logits", new Conv2d(codeDim, codes, 1, initializer));
        _codebook = Parameter("_embedding.weight", initializer.Normal([codes, codeDim]), ParameterRoles.Table);
        _update = Workspace(Indices.From([0], [1], int.MaxValue, initializer.Device));
        _noise = new NoiseSource(initializer.Seed, initializer.NoiseStream, _update.Storage);
        _temperature = options.Temperature;
        _largestEntropy = Workspace(initializer.Zeros([]));
        _largestEntropy.Fill(options.Divergence * MathF.Log(codes));
    }

    /// <inheritdoc/>
    public override Quantized Quantize(Tensor z, bool training)
    {
        Tensor logits = _projection.Forward(z);
        Indices codes = logits.LargestColumns();
        Tensor vectors = training ? Mixture(logits) : _codebook.GatherRows(codes);
        // The divergence from uniform is log K less the entropy.
        Tensor entropy = logits.Softmax(temperature: 1).RowEntropy(new EntropyWeights(-_options.Divergence, 0));
        return new Quantized(vectors, entropy.Add(_largestEntropy), codes, z);
    }

    /// <inheritdoc/>
    public override Indices FindCodes(Tensor z) => z.OnTape(x => _projection.Forward(x).LargestColumns());

    /// <inheritdoc/>
    public override Tensor Lookup(Indices codes) => codes.OnTape(x => _codebook.GatherRows(x));

    /// <inheritdoc/>
    public override Tensor Codebook(Tape tape) => _codebook.On(tape);

    /// <inheritdoc/>
    public override void SetUpdates(long update, bool isSettled = false) => _updates = update;

    /// <inheritdoc/>
    public override void Share(UpdateBlock block)
    {
        _block = block;
        _temperature = block.ReserveNumber();
        _shared = block.ReserveIntegers(1);
    }

    /// <inheritdoc/>
    public override void Prepare(bool learns = true)
    {
        if (_block is null) return;
        _block.Set(_temperature, TemperatureOf(_updates));
        _shared!.Values[0] = (int)_updates++;
    }

    private float TemperatureOf(long update)
    {
        double done = Math.Min((double)update / _options.TemperatureUpdates, 1);
        double part = (1 + Math.Cos(Math.PI * done)) / 2;
        return (float)(_options.LastTemperature + part * (_options.Temperature - _options.LastTemperature));
    }

    /// <summary>The codes' vectors, each with its weight.</summary>
    private Tensor Mixture(Tensor logits)
    {
        if (_shared is null)
        {
            // A loop of one's own: each step counts as an update.
            _temperature = TemperatureOf(_updates);
            _update.Device.Upload([(int)_updates++], _update.Storage);
        }
        NoiseSource noise = _noise with { First = logits.Tape?.Share?.FirstElementOf(logits) ?? 0 };
        if (_shared is not null) noise = noise with { Update = _shared.Storage };
        Tensor weights = logits.Softmax(_temperature, noise);
        (int codes, int dimensions) = (_codebook.Shape[0], _codebook.Shape[1]);
        // The codebook, [codes, dimensions], is the weight of a transposed convolution of 1 x 1 pixels.
        return weights.ConvTranspose2d(
            _codebook.On(logits.Tape).Reshape([codes, dimensions, 1, 1]), bias: null, stride: 1, padding: 0);
    }
}
