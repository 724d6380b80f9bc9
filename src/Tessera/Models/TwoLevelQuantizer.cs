using Tessera.Quantization;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;

namespace Tessera.Models;

/// <summary>
/// The two levels of VQ-VAE-2 (Razavi, van den Oord, Vinyals, "Generating Diverse High-Fidelity Images with VQ-VAE-2",
/// 2019, section 3.1). Of the encoder's map h, a further encoder makes a map of half the height and width, whose codes
/// are the top level; the lower level's codes are those of h, given the top level's.
/// </summary>
/// <remarks>
/// <para>
/// With E the top encoder, D the top decoder, q the quantizers, W 1x1 convolutions and [a, b] channels side by side:
/// <c>e_top = q_top(W_top E(h))</c>, <c>e_low = q_low(W_low [h, D(e_top)])</c>; the decoder receives
/// <c>[U e_top, e_low]</c>, U a transposed convolution. The loss is the sum of both quantizers' losses.
/// </para>
/// <para>
/// A cell is a code of the top level with the four of the lower level below it: its codes are the top one, then the
/// four row by row, and its vector has the vectors of these five codes side by side.
/// </para>
/// </remarks>
internal sealed class TwoLevelQuantizer : Quantizer
{
    private readonly int _dimensions;
    private readonly Encoder _encoder;
    private readonly Conv2d _topConv, _lowerConv;
    private readonly Decoder _decoder;
    private readonly ConvTranspose2d _upsample;

    /// <summary>Creates the quantizer.</summary>
    /// <param name="options">The model's options.</param>
    /// <param name="create">Creates the quantizer of a level.</param>
    /// <param name="initializer">Initializes the weights.</param>
    public TwoLevelQuantizer(VqVaeOptions options, Func<Quantizer> create, Initializer initializer)
    {
        (int hidden, int dimensions) = (options.Hidden, options.CodeDim);
        _dimensions = dimensions;
        // Of one map each: between the maps of both levels.
        VqVaeOptions network = options with { Stride = 2 };
        _encoder = Child("_top_encoder", new Encoder(network with { Channels = hidden }, initializer));
        _topConv = Child("_top_pre_vq_conv", new Conv2d(hidden, dimensions, 1, initializer));
        Top = Child("_top", create());
        _decoder = Child("_top_decoder", new Decoder(network with { Channels = dimensions }, initializer));
        _lowerConv = Child("_lower_pre_vq_conv", new Conv2d(hidden + dimensions, dimensions, 1, initializer));
        Lower = Child("_lower", create());
        _upsample = Child(
            "_upsample", new ConvTranspose2d(dimensions, dimensions, 4, initializer, stride: 2, padding: 1));
    }

    /// <summary>The quantizer of the top level.</summary>
    public Quantizer Top { get; }

    /// <summary>The quantizer of the lower level.</summary>
    public Quantizer Lower { get; }

    /// <summary>The quantizers of the top and the lower level: one for each codebook, not for each code.</summary>
    public override IReadOnlyList<Quantizer> Levels => [.. Top.Levels, .. Lower.Levels];

    internal override Device Device => _topConv.Weight.Device;

    /// <summary>Quantizes the encoder's map.</summary>
    /// <param name="z">The encoder's map, <c>[batch, 2 height, 2 width, hidden]</c>.</param>
    /// <param name="training">Whether this is a training step.</param>
    /// <returns>
    /// The vectors as the decoder receives them, <c>[batch, 2 height, 2 width, 2 code dim]</c>; the codes
    /// <c>[batch, height, width, 5]</c>; as levels, the top one's <c>[batch, height, width]</c> and the lower one's
    /// <c>[batch, 2 height, 2 width]</c>.
    /// </returns>
    public override Quantized Quantize(Tensor z, bool training)
    {
        Quantized top = Top.Quantize(TopVectors(z), training);
        Quantized lower = Lower.Quantize(LowerVectors(z, top.Vectors), training);
        return new Quantized(
            Join(top.Vectors, lower.Vectors), top.Loss.Add(lower.Loss), ToCells(top.Codes, lower.Codes),
            [.. top.Levels, .. lower.Levels]);
    }

    /// <summary>The codes of each level for the encoder's map.</summary>
    /// <param name="z">The encoder's map, <c>[batch, 2 height, 2 width, hidden]</c>, on a tape.</param>
    /// <returns><c>[batch, height, width]</c> and <c>[batch, 2 height, 2 width]</c>.</returns>
    public (Indices Top, Indices Lower) FindLevels(Tensor z)
    {
        Indices top = Top.FindCodes(TopVectors(z));
        return (top, Lower.FindCodes(LowerVectors(z, Top.Lookup(top))));
    }

    /// <inheritdoc/>
    public override Indices FindCodes(Tensor z) => z.OnTape(x =>
    {
        (Indices top, Indices lower) = FindLevels(x);
        return ToCells(top, lower);
    });

    /// <summary>The vectors of cells: those of their five codes side by side.</summary>
    /// <param name="codes">Codes <c>[..., 5]</c>.</param>
    /// <returns><c>[..., 5 code dim]</c>.</returns>
    public override Tensor Lookup(Indices codes) => codes.OnTape(x =>
    {
        Tensor top = Top.Lookup(x.Column(0));
        Indices four = x.Columns(1, CellOptions.LowerCodes);
        Tensor lower = Lower.Lookup(four.Reshape([four.Shape.Length]))
            .Reshape([.. x.Shape.ToArray()[..^1], CellOptions.LowerCodes * _dimensions]);
        return TensorOperations.JoinColumns(top, lower);
    });

    /// <summary>The decoder's map of cells' vectors.</summary>
    /// <param name="cells"><c>[batch, height, width, 5 code dim]</c>, on a tape.</param>
    /// <returns><c>[batch, 2 height, 2 width, 2 code dim]</c>.</returns>
    public Tensor MapOf(Tensor cells)
    {
        (int batch, int height, int width) = (cells.Shape[0], cells.Shape[1], cells.Shape[2]);
        // A cell's upper two vectors are neighbours in a row of the map, and so are its lower two.
        Tensor upper = cells.Columns(_dimensions, 2 * _dimensions);
        Tensor lower = cells.Columns(3 * _dimensions, 2 * _dimensions);
        Shape row = [batch, height, 2 * width * _dimensions];
        Tensor rows = TensorOperations.JoinColumns(upper.Reshape(row), lower.Reshape(row));
        return Join(cells.Columns(0, _dimensions), rows.Reshape([batch, 2 * height, 2 * width, _dimensions]));
    }

    /// <summary>The decoder's map of both levels' vectors.</summary>
    /// <param name="top"><c>[batch, height, width, code dim]</c>.</param>
    /// <param name="lower"><c>[batch, 2 height, 2 width, code dim]</c>.</param>
    /// <returns><c>[batch, 2 height, 2 width, 2 code dim]</c>.</returns>
    public Tensor Join(Tensor top, Tensor lower) => TensorOperations.JoinColumns(_upsample.Forward(top), lower);

    /// <summary>
    /// The vectors of cells with one code, <c>[2 codes, 5 code dim]</c>: those of the top level with zeros for the
    /// lower; then those of the lower level in all four places, with zeros for the top.
    /// </summary>
    /// <param name="tape">The tape to compute on.</param>
    public override Tensor Codebook(Tape tape)
    {
        Tensor top = Top.Codebook(tape), lower = Lower.Codebook(tape), zeros = tape.Allocate(top.Shape);
        zeros.Fill(0);
        return JoinRows(
            TensorOperations.JoinColumns(top, zeros, zeros, zeros, zeros),
            TensorOperations.JoinColumns(zeros, lower, lower, lower, lower));
    }

    /// <inheritdoc/>
    public override void SetUpdates(long update, bool isSettled = false)
    {
        Top.SetUpdates(update, isSettled);
        Lower.SetUpdates(update, isSettled);
    }

    /// <inheritdoc/>
    public override void Share(UpdateBlock block)
    {
        Top.Share(block);
        Lower.Share(block);
    }

    /// <inheritdoc/>
    public override void Prepare(bool learns = true)
    {
        Top.Prepare(learns);
        Lower.Prepare(learns);
    }

    private Tensor TopVectors(Tensor z) => _topConv.Forward(_encoder.Forward(z));

    private Tensor LowerVectors(Tensor z, Tensor top) =>
        _lowerConv.Forward(TensorOperations.JoinColumns(z, _decoder.Forward(top)));

    /// <summary>The codes of both levels, cell by cell: <c>[batch, height, width, 5]</c>.</summary>
    private static Indices ToCells(Indices top, Indices lower)
    {
        (int batch, int height, int width) = (top.Shape[0], top.Shape[1], top.Shape[2]);
        // Each row of cells covers two rows of the lower map.
        Indices rows = lower.Reshape([batch, height, 4 * width]);
        Indices upper = rows.Columns(0, 2 * width).Reshape([batch, height, width, 2]);
        Indices below = rows.Columns(2 * width, 2 * width).Reshape([batch, height, width, 2]);
        return TensorOperations.JoinColumns(
            top, upper.Column(0), upper.Column(1), below.Column(0), below.Column(1));
    }
}
