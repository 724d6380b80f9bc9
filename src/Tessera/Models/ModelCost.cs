using Tessera.Tensors.Devices;

namespace Tessera.Models;

/// <summary>
/// The arithmetic cost of a <see cref="VqVae"/>, from its sizes: the floating-point operations (a multiply-add counts
/// as two) of its convolutions and of the search for the nearest codes, by their formulas. These are direct-equivalent
/// operations: an algorithm that needs fewer (Winograd) is measured against the same number.
/// </summary>
/// <remarks>
/// Elementwise operations, biases, losses and the optimizer are not counted: together they are below 1% at the
/// reference notebook's sizes, with Adam.
/// </remarks>
public sealed class ModelCost
{
    private readonly long _search;

    /// <summary>Counts the operations.</summary>
    /// <param name="model">The model's sizes.</param>
    /// <param name="batch">Images in a batch, at least 1.</param>
    /// <param name="height">Height of an image in pixels, a multiple of 4.</param>
    /// <param name="width">Width of an image in pixels, a multiple of 4.</param>
    public ModelCost(VqVaeOptions model, int batch, int height, int width)
    {
        int mapHeight = height / VqVae.PixelsPerCode, mapWidth = width / VqVae.PixelsPerCode;
        int half = model.Hidden / 2;
        ConvolutionLayer Strided(string name, int scale, int channels, int outChannels, bool transposed = false) => new(
            name,
            new Conv2dGeometry(
                batch, scale * mapHeight, scale * mapWidth, channels,
                scale * mapHeight / 2, scale * mapWidth / 2, outChannels, 4, 4, Stride: 2, Padding: 1),
            transposed);
        ConvolutionLayer Plain(string name, int kernel, int channels, int outChannels) => new(
            name,
            new Conv2dGeometry(
                batch, mapHeight, mapWidth, channels, mapHeight, mapWidth, outChannels,
                kernel, kernel, Stride: 1, Padding: kernel / 2),
            IsTransposed: false);
        IEnumerable<ConvolutionLayer> Stack(string parent) => Enumerable.Range(0, model.ResidualLayers)
            .Select(layer => $"{parent}._residual_stack._layers.{layer}._block")
            .SelectMany(block => new[]
            {
                Plain($"{block}.1", 3, model.Hidden, model.ResidualHidden),
                Plain($"{block}.3", 1, model.ResidualHidden, model.Hidden),
            });

        IEnumerable<ConvolutionLayer> Projection(string name, int channels, int outChannels) =>
            model.LookupDim == 0 ? [] : [Plain(name, 1, channels, outChannels)];

        Encoder =
        [
            Strided("_encoder._conv_1", 4, model.Channels, half),
            Strided("_encoder._conv_2", 2, half, model.Hidden),
            Plain("_encoder._conv_3", 3, model.Hidden, model.Hidden),
            .. Stack("_encoder"),
            Plain("_pre_vq_conv", 1, model.Hidden, model.CodeDim),
            .. Projection("_vq_vae._project_in", model.CodeDim, model.LookupDim),
        ];
        Decoder =
        [
            .. Projection("_vq_vae._project_out", model.LookupDim, model.CodeDim),
            Plain("_decoder._conv_1", 3, model.CodeDim, model.Hidden),
            .. Stack("_decoder"),
            Strided("_decoder._conv_trans_1", 2, half, model.Hidden, transposed: true),
            Strided("_decoder._conv_trans_2", 4, model.Channels, half, transposed: true),
        ];
        _search = 2L * batch * mapHeight * mapWidth * model.Codes
            * (model.LookupDim == 0 ? model.CodeDim : model.LookupDim);
    }

    /// <summary>The convolutions from images to vectors, in order.</summary>
    public IReadOnlyList<ConvolutionLayer> Encoder { get; }

    /// <summary>The convolutions from vectors to images, in order.</summary>
    public IReadOnlyList<ConvolutionLayer> Decoder { get; }

    /// <summary>Operations to encode a batch of images to codes.</summary>
    public long EncodeOperations => Forward(Encoder) + _search;

    /// <summary>Operations to decode the codes of a batch to images.</summary>
    public long DecodeOperations => Forward(Decoder);

    /// <summary>
    /// Operations of a training step: the forward pass, input gradient and weight gradient of every convolution
    /// (without the input gradient of the first layer, which is not needed), and one search for the nearest codes.
    /// </summary>
    public long TrainingOperations => 3 * (Forward(Encoder) + Forward(Decoder)) - Encoder[0].Operations + _search;

    private static long Forward(IEnumerable<ConvolutionLayer> layers) => layers.Sum(layer => layer.Operations);
}

/// <summary>A convolution of a model.</summary>
/// <param name="Name">The layer's full name; its weights are <c>NAME.weight</c>.</param>
/// <param name="Geometry">Its sizes; for a transposed convolution, those of the convolution that it transposes.</param>
/// <param name="IsTransposed">Whether it is a transposed convolution.</param>
public sealed record ConvolutionLayer(string Name, Conv2dGeometry Geometry, bool IsTransposed)
{
    /// <summary>
    /// Floating-point operations of one pass (forward, input gradient or weight gradient) by its formula.
    /// </summary>
    public long Operations => 2L * Geometry.Batch * Geometry.OutHeight * Geometry.OutWidth * Geometry.OutChannels
        * Geometry.InChannels * Geometry.KernelHeight * Geometry.KernelWidth;

    /// <summary>Kernel, stride, channels and map as text: "4x4, stride 2, 64 -> 128 channels, 16x16 -> 8x8".</summary>
    public string Sizes
    {
        get
        {
            Conv2dGeometry g = Geometry;
            string kernel = $"{g.KernelHeight}x{g.KernelWidth}" + (g.Stride == 1 ? "" : $", stride {g.Stride}");
            string input = $"{g.InHeight}x{g.InWidth}", output = $"{g.OutHeight}x{g.OutWidth}";
            return IsTransposed
                ? $"transposed {kernel}, {g.OutChannels} -> {g.InChannels} channels, {output} -> {input}"
                : $"{kernel}, {g.InChannels} -> {g.OutChannels} channels, {input} -> {output}";
        }
    }
}
