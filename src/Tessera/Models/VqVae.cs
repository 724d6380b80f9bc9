using Tessera.Quantization;
using Tessera.Tensors;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;

namespace Tessera.Models;

/// <summary>
/// The VQ-VAE (van den Oord, Vinyals, Kavukcuoglu, "Neural Discrete Representation Learning", 2017) with the reference
/// notebook's network: the encoder maps images to a grid of vectors, the quantizer replaces each vector by the nearest
/// code of a codebook, and the decoder maps the codes back to images.
/// </summary>
/// <remarks>
/// Pixels are byte/255 - 0.5. Height and width are multiples of P, <see cref="VqVaeOptions.PixelsPerCode"/>: with 4, a
/// 32x32 image becomes 8x8 codes. Parameters have the names of the reference notebook's model. Several threads may use
/// a model at once, each with its own tensors and tape, unless one of them trains it; the results are bit-identical to
/// those of a single thread.
/// </remarks>
public sealed class VqVae : Module
{
    private readonly Encoder _encoder;
    // With two levels, each has its own behind the encoder.
    private readonly Conv2d? _preVqConv;
    private readonly Decoder _decoder;

    /// <summary>Creates a model with random weights.</summary>
    /// <param name="options">Its sizes.</param>
    /// <param name="seed">Seed of the random weights.</param>
    /// <param name="device">Its device; null for the default device.</param>
    /// <exception cref="InputException">An option is out of its range.</exception>
    public VqVae(VqVaeOptions options, ulong seed = 0, Device? device = null)
    {
        options.Validate();
        Options = options;
        Device = device ?? Device.Default;
        var initializer = new Initializer(seed, Device);
        // Attention is for the lowest map: with a top level, that one's. The decoder receives both levels' vectors.
        VqVaeOptions network = !options.Cell.Top ? options : options with
        {
            Attention = 0,
            CodeDim = 2 * options.CodeDim,
        };
        _encoder = Child("_encoder", new Encoder(network, initializer));
        if (!options.Cell.Top)
            _preVqConv = Child("_pre_vq_conv", new Conv2d(options.Hidden, options.CodeDim, 1, initializer));
        Quantizer = Child("_vq_vae", options.CreateQuantizer(initializer));
        _decoder = Child("_decoder", new Decoder(network, initializer));
    }

    /// <summary>The model's options.</summary>
    public VqVaeOptions Options { get; }

    /// <summary>The device of its tensors.</summary>
    public Device Device { get; }

    /// <summary>The quantizer, which maps vectors to codes.</summary>
    public Quantizer Quantizer { get; }

    /// <summary>
    /// Encodes, quantizes and decodes. On a recording tape the quantizer also updates its running averages. The results
    /// are on the images' tape; without a tape, the collector frees what lies between them.
    /// </summary>
    /// <param name="images"><c>[batch, height, width, channels]</c>, pixels in [-0.5, 0.5].</param>
    /// <exception cref="ArgumentException">Height or width is no multiple of P, or the channels do not fit.</exception>
    public VqVaeOutput Forward(Tensor images)
    {
        Tensor z = EncodeToVectors(images);
        Quantized quantized = Quantizer.Quantize(z, training: images.Tape is { Recording: true });
        Tensor reconstruction = quantized.Vectors.OnTape(_decoder.Forward);
        return new VqVaeOutput(reconstruction, quantized);
    }

    /// <summary>Encodes images to vectors, before quantization: the paper's z_e(x).</summary>
    /// <param name="images"><c>[batch, height, width, channels]</c>, pixels in [-0.5, 0.5].</param>
    /// <returns>
    /// <c>[batch, height / P, width / P, code dim]</c>, on the images' tape; without a tape, the caller disposes it.
    /// With <see cref="CellOptions.Top"/> the encoder's map, of which the quantizer makes the vectors of both levels:
    /// <c>[batch, 2 height / P, 2 width / P, hidden]</c>.
    /// </returns>
    /// <exception cref="ArgumentException">Height or width is no multiple of P, or the channels do not fit.</exception>
    public Tensor EncodeToVectors(Tensor images)
    {
        if (images.Shape.Rank != 4
            || images.Shape[1] % Options.PixelsPerCode != 0 || images.Shape[2] % Options.PixelsPerCode != 0)
            throw new ArgumentException(
                "images are [batch, height, width, channels] with height and width "
                + $"multiples of {Options.PixelsPerCode}, not {images.Shape}",
                nameof(images));
        return images.OnTape(x => _preVqConv is null
            ? _encoder.Forward(x)
            : _preVqConv.Forward(_encoder.Forward(x)));
    }

    /// <summary>Encodes images to codes.</summary>
    /// <param name="images"><c>[batch, height, width, channels]</c>, pixels in [-0.5, 0.5].</param>
    /// <returns>
    /// A code, 0 to K - 1, for each of <c>[batch, height / P, width / P]</c>, on the images' tape; without a tape, the
    /// caller disposes them. Where a cell has several codes (<see cref="CellOptions.Codes"/>), they are innermost.
    /// </returns>
    /// <exception cref="ArgumentException">Height or width is no multiple of P, or the channels do not fit.</exception>
    public Indices Encode(Tensor images) => images.OnTape(x => Quantizer.FindCodes(EncodeToVectors(x)));

    /// <summary>Decodes the vectors of cells to images.</summary>
    /// <param name="quantized">
    /// <c>[batch, height, width, V]</c>, V being <see cref="VqVaeOptions.VectorDim"/>: the quantizer's <see
    /// cref="Quantizer.Lookup"/> of codes.
    /// </param>
    /// <returns>
    /// <c>[batch, P height, P width, channels]</c>, pixels about [-0.5, 0.5], not clamped, on the vectors' tape;
    /// without a tape, the caller disposes it.
    /// </returns>
    public Tensor Decode(Tensor quantized) => quantized.OnTape(
        x => _decoder.Forward(Quantizer is TwoLevelQuantizer levels ? levels.MapOf(x) : x));

    /// <summary>Encodes images to the codes of both levels of a model that has two.</summary>
    /// <param name="images"><c>[batch, height, width, channels]</c>, on a tape.</param>
    /// <returns><c>[batch, height / P, width / P]</c> and <c>[batch, 2 height / P, 2 width / P]</c>.</returns>
    internal (Indices Top, Indices Lower) EncodeLevels(Tensor images) =>
        ((TwoLevelQuantizer)Quantizer).FindLevels(EncodeToVectors(images));

    /// <summary>Decodes the codes of both levels of a model that has two.</summary>
    /// <param name="top"><c>[batch, height, width]</c>, on a tape.</param>
    /// <param name="lower"><c>[batch, 2 height, 2 width]</c>, on the same tape.</param>
    internal Tensor DecodeLevels(Indices top, Indices lower)
    {
        var levels = (TwoLevelQuantizer)Quantizer;
        return _decoder.Forward(levels.Join(levels.Top.Lookup(top), levels.Lower.Lookup(lower)));
    }

    /// <summary>Decodes codes to images.</summary>
    /// <param name="codes">
    /// A code, 0 to K - 1, for each of <c>[batch, height, width]</c>; where a cell has several codes, they are
    /// innermost. Of residual quantizers the first levels alone may be given: the first codes of each group.
    /// </param>
    /// <returns>
    /// <c>[batch, P height, P width, channels]</c>, pixels about [-0.5, 0.5], not clamped, on the codes' tape; without
    /// a tape, the caller disposes it.
    /// </returns>
    /// <exception cref="ArgumentException">The codes have another rank, or one may be none of the codebook.</exception>
    public Tensor Decode(Indices codes)
    {
        int perCell = Options.Cell.Codes;
        // The first levels of a residual quantizer decode alone.
        int step = Options.Cell.Top ? perCell : Options.Cell.Groups;
        if (perCell == 1
            ? codes.Shape.Rank != 3
            : codes.Shape.Rank != 4 || codes.Shape.Last < step || codes.Shape.Last > perCell
                || codes.Shape.Last % step != 0)
            throw new ArgumentException(
                $"codes are [batch, height, width{(perCell == 1 ? "" : $", {perCell}")}], not {codes.Shape}",
                nameof(codes));
        return codes.OnTape(x => Decode(Quantizer.Lookup(x)));
    }

    /// <summary>The first codes of each group of a cell, which <see cref="Decode(Indices)"/> takes too.</summary>
    /// <param name="codes">All codes of each cell, innermost, on a tape.</param>
    /// <param name="depth">Codes to keep of each group; null for all.</param>
    internal Indices FirstLevels(Indices codes, int? depth)
    {
        if (depth is not { } kept || kept == Options.Cell.Depth) return codes;
        return TensorOperations.JoinColumns(
        [
            .. Enumerable.Range(0, Options.Cell.Groups).SelectMany(
                group => Enumerable.Range(group * Options.Cell.Depth, kept)).Select(codes.Column),
        ]);
    }
}

/// <summary>The result of a forward pass through a <see cref="VqVae"/>.</summary>
/// <param name="Reconstruction"><c>[batch, height, width, channels]</c>, pixels about [-0.5, 0.5], not clamped.</param>
/// <param name="Quantized">The codes, their vectors and the quantizer's loss.</param>
public readonly record struct VqVaeOutput(Tensor Reconstruction, Quantized Quantized);
