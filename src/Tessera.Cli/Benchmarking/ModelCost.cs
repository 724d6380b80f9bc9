using Tessera.Models;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Training;

namespace Tessera.Cli.Benchmarking;

/// <summary>
/// The arithmetic cost of a <see cref="VqVae"/>: the floating-point operations (a multiply-add counts as two) of its
/// convolutions, of the products of its attention and of the search for the nearest codes, by their formulas. The model
/// runs on a device without memory, which counts. These are direct-equivalent operations: an algorithm that needs
/// fewer (Winograd) is measured against the same number.
/// </summary>
/// <remarks>
/// Elementwise operations, biases, losses and the optimizer are not counted: together they are below 1% at the
/// reference notebook's sizes, with Adam.
/// </remarks>
internal sealed class ModelCost
{
    /// <summary>Counts the operations.</summary>
    /// <param name="options">The model's sizes.</param>
    /// <param name="batch">Images in a batch, at least 1.</param>
    /// <param name="height">Height of an image in pixels, a multiple of the model's pixels per code.</param>
    /// <param name="width">Width of an image in pixels, likewise.</param>
    public ModelCost(VqVaeOptions options, int batch, int height, int width)
    {
        using var device = new CostDevice();
        using var model = new VqVae(options, device: device);
        device.Weights = model.State().ToDictionary(entry => entry.Tensor.Storage, entry => entry.Name);
        using var tape = new Tape(device, recording: false);
        Shape shape = [batch, height, width, options.Channels];
        Indices codes = model.Encode(tape.Allocate(shape));
        (Encoder, EncodeOperations) = device.Take();
        model.Decode(codes);
        (Decoder, DecodeOperations) = device.Take();

        using var training = new Tape(device);
        training.Backward(TrainingLoss.Of(model, training.Allocate(shape), dataVariance: 1).Total);
        (_, TrainingOperations) = device.Take();
    }

    /// <summary>The convolutions from images to vectors, in order.</summary>
    public IReadOnlyList<ConvolutionLayer> Encoder { get; }

    /// <summary>The convolutions from vectors to images, in order.</summary>
    public IReadOnlyList<ConvolutionLayer> Decoder { get; }

    /// <summary>Operations to encode a batch of images to codes.</summary>
    public long EncodeOperations { get; }

    /// <summary>Operations to decode the codes of a batch to images.</summary>
    public long DecodeOperations { get; }

    /// <summary>
    /// Operations of a training step: the forward pass, input gradient and weight gradient of every convolution
    /// (without the input gradient of the first layer, which is not needed), those of the attention's products, and one
    /// search for the nearest codes.
    /// </summary>
    public long TrainingOperations { get; }

    private sealed class CostDevice : ShapeDevice
    {
        private List<ConvolutionLayer> _layers = [];
        private long _operations;

        /// <summary>The names of the weights.</summary>
        public Dictionary<Storage<float>, string> Weights { get; set; } = [];

        /// <summary>The convolutions and the operations since the last call.</summary>
        public (IReadOnlyList<ConvolutionLayer> Layers, long Operations) Take()
        {
            (List<ConvolutionLayer> layers, long operations) = (_layers, _operations);
            (_layers, _operations) = ([], 0);
            return (layers, operations);
        }

        public override void Conv2d(
            in Conv2dGeometry geometry, Storage<float> x, Storage<float> weight, in Epilogue epilogue,
            Storage<float> y) => Add(geometry, weight, isTransposed: false);

        public override void Conv2dTransposed(
            in Conv2dGeometry geometry, Storage<float> y, Storage<float> weight, in Epilogue epilogue,
            Storage<float> x) => Add(geometry, weight, isTransposed: true);

        public override void Conv2dWeightGradient(
            in Conv2dGeometry geometry, Storage<float> x, Storage<float> gradY, Storage<float> gradWeight,
            bool accumulate, Storage<float>? gradBias, bool accumulateBias) =>
            _operations += ConvolutionLayer.OperationsOf(geometry);

        public override void NearestRows(
            Storage<float> x, Storage<float> table, int tableRows, int columns, Storage<int> nearest) =>
            _operations += 2L * nearest.Length * tableRows * columns;

        public override void Attention(
            in AttentionGeometry geometry, Storage<float> projections, Storage<float> y, Storage<float> logSums) =>
            _operations += ProductsOf(geometry);

        // Each product has two gradients.
        public override void AttentionGradient(
            in AttentionGeometry geometry, Storage<float> projections, Storage<float> y, Storage<float> logSums,
            Storage<float> gradY, Storage<float> gradProjections) =>
            _operations += 2 * ProductsOf(geometry);

        // Queries with keys, and weights with values.
        private static long ProductsOf(in AttentionGeometry g) =>
            2 * 2L * g.Batch * g.Count * g.Length * g.Width;

        private void Add(in Conv2dGeometry geometry, Storage<float> weight, bool isTransposed)
        {
            string name = Weights.TryGetValue(weight, out string? full) ? full[..full.LastIndexOf('.')] : "";
            _layers.Add(new ConvolutionLayer(name, geometry, isTransposed));
            _operations += ConvolutionLayer.OperationsOf(geometry);
        }
    }
}

/// <summary>A convolution of a model.</summary>
/// <param name="Name">The layer's full name; its weights are <c>NAME.weight</c>.</param>
/// <param name="Geometry">Its sizes; for a transposed convolution, those of the convolution that it transposes.</param>
/// <param name="IsTransposed">Whether it is a transposed convolution.</param>
internal sealed record ConvolutionLayer(string Name, Conv2dGeometry Geometry, bool IsTransposed)
{
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

    /// <summary>
    /// Floating-point operations of one pass (forward, input gradient or weight gradient) by its formula.
    /// </summary>
    public static long OperationsOf(in Conv2dGeometry g) => 2L * g.Batch * g.OutHeight * g.OutWidth * g.OutChannels
        * g.InChannels * g.KernelHeight * g.KernelWidth;
}
