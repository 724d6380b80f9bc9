using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Ops;

namespace Tessera.Quantization;

/// <summary>
/// A quantizer that looks codes up in a table: the code of a vector is the number of the nearest row e (van den Oord et
/// al. 2017, equation 1), and its loss is <c>w |sg[u] - e|^2 + commitment * |u - sg[e]|^2</c>, means over all elements
/// (equation 3). Derived classes say what the vectors u are, how the table is trained, and the weight w.
/// </summary>
public abstract class CodebookQuantizer : Quantizer
{
    private readonly GradientEstimator _gradient;
    private readonly CodebookRegularization _regularization;

    /// <summary>Creates the quantizer.</summary>
    /// <param name="options">The options that these quantizers share.</param>
    protected CodebookQuantizer(CodebookOptions options)
    {
        (Commitment, _gradient) = (options.Commitment, options.Gradient);
        _regularization = new CodebookRegularization(options);
    }

    /// <summary>The commitment cost: the weight of the loss term that keeps encoder outputs near their codes.</summary>
    public float Commitment { get; }

    /// <summary>
    /// The weight w of the loss term that moves the codes to the vectors: 1 if gradients train the table, else 0.
    /// </summary>
    protected virtual float CodebookWeight => 1;

    /// <inheritdoc/>
    public sealed override Quantized Quantize(Tensor z, bool training) => Quantize(z, training, learns: training);

    internal sealed override Quantized Quantize(Tensor z, bool training, bool learns)
    {
        Tensor u = ToLatents(z);
        Tensor codebook = Table(z.Tape);
        Indices codes = u.NearestRows(codebook);
        // Looked up before the table learns: the decoder receives the codes as they were when chosen.
        Tensor e = codebook.GatherRows(codes);
        Tensor? spreading = training ? _regularization.Of(u, codebook) : null;
        if (learns) Learn(u, codes);
        Tensor loss = e.MutualSquaredError(u, CodebookWeight, Commitment);
        if (spreading is not null) loss = loss.Add(spreading);
        return new Quantized(PassGradient(u, e), loss, codes, u);
    }

    /// <inheritdoc/>
    protected internal override Tensor PassGradient(Tensor u, Tensor vectors) =>
        _gradient == GradientEstimator.Rotation ? u.RotateTo(vectors) : base.PassGradient(u, vectors);

    /// <inheritdoc/>
    public sealed override Indices FindCodes(Tensor z) => z.OnTape(x => FindIn(ToLatents(x)));

    /// <inheritdoc/>
    protected internal sealed override Indices FindIn(Tensor u) => u.NearestRows(Table(u.Tape));

    /// <inheritdoc/>
    public sealed override Tensor Lookup(Indices codes) => codes.OnTape(x => Table(x.Tape).GatherRows(x));

    /// <inheritdoc/>
    public sealed override Tensor Codebook(Tape tape) => Table(tape).On(tape);

    /// <summary>The table of codes, <c>[codes, code dim]</c>.</summary>
    /// <param name="tape">The tape to compute it on, where it is computed; null for none.</param>
    protected abstract Tensor Table(Tape? tape);

    /// <summary>Moves the table by a training batch, where gradients do not train it.</summary>
    /// <param name="latents">The vectors that were looked up.</param>
    /// <param name="codes">The code of each.</param>
    protected internal virtual void Learn(Tensor latents, Indices codes)
    {
    }
}
