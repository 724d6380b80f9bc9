using Tessera.Quantization;
using Tessera.Tensors;
using Tessera.Tensors.Devices;

namespace Tessera.Models;

/// <summary>
/// Finds the sizes of a stored model in the shapes of its tensors. Where a size stands follows from the network itself:
/// in a model without memory whose sizes all differ, each shows on its tensors and axes.
/// </summary>
internal static class ModelSizes
{
    private static readonly ShapeDevice Shapes = new();

    private static readonly VqVaeOptions Smallest = new()
    {
        Channels = 1,
        Hidden = 2,
        ResidualHidden = 1,
        ResidualLayers = 0,
        Codes = 1,
        CodeDim = 1,
    };

    // Strides with a longer chain of maps than the one before, the longest first.
    private static readonly int[] Strides = [16, 8, 4];

    // Kinds of quantizers that have tensors of their own, beside those of a codebook trained by gradients.
    private static readonly QuantizerOptions[] Inferable =
        [new EmaVectorQuantizerOptions(), new SimVectorQuantizerOptions()];

    /// <summary>The name of the first tensor of every model.</summary>
    public static string FirstName { get; } = ShapesOf(Smallest)[0].Name;

    /// <summary>The names and shapes of a model's tensors.</summary>
    public static (string Name, Shape Shape)[] ShapesOf(VqVaeOptions options)
    {
        using var model = new VqVae(options, device: Shapes);
        return [.. model.State().Select(entry => (entry.Name, entry.Tensor.Shape))];
    }

    /// <summary>Whether a stored model has two levels: any tensor of the top one shows it.</summary>
    public static bool HasTop(StoredTensors stored) => Has(stored, Smallest, WithTop(Smallest));

    /// <summary>The sizes of a stored model; they are not checked.</summary>
    /// <param name="stored">The tensors.</param>
    /// <param name="quantizer">The model's quantizer; null to infer it from the names.</param>
    /// <param name="cell">How many codes a cell has.</param>
    /// <param name="codes">The number of codes of a quantizer without a table; null otherwise.</param>
    /// <exception cref="InputException">A tensor that shows a size is missing or has another rank.</exception>
    public static VqVaeOptions Read(
        StoredTensors stored, QuantizerOptions? quantizer, CellOptions cell, int? codes)
    {
        VqVaeOptions options = PartsOf(stored, quantizer, cell, codes);
        // Every size is another number, and none is a map's channels, which are Hidden halved down to 5.
        VqVaeOptions marked = options with
        {
            Channels = 3,
            Hidden = 5 * options.Hidden,
            ResidualHidden = 7,
            Codes = codes ?? 11,
            CodeDim = 13 * cell.Groups,
            LookupDim = options.LookupDim > 0 ? 17 * cell.Groups : 0,
        };
        (string Name, Shape Shape)[] small = ShapesOf(options), large = ShapesOf(marked);
        return options with
        {
            Channels = Find(marked.Channels),
            Hidden = Find(marked.Hidden),
            ResidualHidden = options.ResidualLayers == 0
                ? new VqVaeOptions().ResidualHidden
                : Find(marked.ResidualHidden),
            Codes = codes ?? Find(marked.Codes),
            CodeDim = Find(marked.CodeDim),
            LookupDim = options.LookupDim > 0 ? Find(marked.LookupDim) : 0,
        };

        // The size in the file, at the first tensor and axis that has the mark.
        int Find(int mark)
        {
            foreach (((string name, Shape shape), (_, Shape other)) in large.Zip(small))
            {
                for (int axis = 0; axis < shape.Rank; axis++)
                {
                    if (shape[axis] == mark && other[axis] != mark) return stored.Sizes(name, shape.Rank)[axis];
                }
            }
            throw new InvalidOperationException("no tensor of the network shows this size");
        }
    }

    /// <summary>
    /// The smallest model of the same parts. Any tensor of a part shows that the model has it; a missing one is then an
    /// error.
    /// </summary>
    private static VqVaeOptions PartsOf(
        StoredTensors stored, QuantizerOptions? quantizer, CellOptions cell, int? codes)
    {
        VqVaeOptions options = WithNetwork(stored, cell.Top ? WithTop(Smallest) : Smallest);
        bool isMapped = codes is null && Has(stored, options, options with { LookupDim = 1 });
        options = options with { LookupDim = isMapped ? 1 : 0 };
        options = options with { Quantizer = quantizer ?? Inferred(stored, options) };
        // The smallest vectors that the groups divide.
        options = options with
        {
            Cell = cell,
            Codes = codes ?? 1,
            CodeDim = cell.Groups,
            LookupDim = isMapped ? cell.Groups : 0,
        };
        return options with { ResidualLayers = CountLayers(stored, options) };
    }

    /// <summary>
    /// With the longest chain of maps of which there is a tensor; a number of groups or heads shows on no tensor.
    /// </summary>
    private static VqVaeOptions WithNetwork(StoredTensors stored, VqVaeOptions least)
    {
        int stride = Strides.FirstOrDefault(
            stride => Has(stored, WithStride(least, stride / 2), WithStride(least, stride)), 2);
        least = WithStride(least, stride);
        // Blocks have normalisations too.
        VqVaeOptions normal = least with { GroupNorm = 1, ResidualLayers = 1 };
        if (Has(stored, normal with { GroupNorm = 0 }, normal)) least = least with { GroupNorm = 1 };
        VqVaeOptions attentive = least with { Attention = 1 };
        return Has(stored, least, attentive) ? attentive : least;
    }

    private static QuantizerOptions Inferred(StoredTensors stored, VqVaeOptions plain) => Inferable.FirstOrDefault(
        kind => Has(stored, plain, plain with { Quantizer = kind }), new VectorQuantizerOptions());

    /// <summary>
    /// The last residual block of which there is a tensor; there are no more blocks than names for them.
    /// </summary>
    private static int CountLayers(StoredTensors stored, VqVaeOptions options)
    {
        int perLayer = LayerNames(options, 1).Except(LayerNames(options, 0)).Count();
        int layers = Math.Min(VqVaeOptions.MostResidualLayers, stored.Names.Count() / perLayer + 1);
        for (string[] more = LayerNames(options, layers), fewer; layers > 0; layers--, more = fewer)
        {
            fewer = LayerNames(options, layers - 1);
            if (more.Except(fewer).Any(stored.Has)) break;
        }
        return layers;
    }

    private static bool Has(StoredTensors stored, VqVaeOptions fewer, VqVaeOptions more) =>
        NamesOf(more).Except(NamesOf(fewer)).Any(stored.Has);

    private static VqVaeOptions WithTop(VqVaeOptions options) => options with { Cell = new CellOptions { Top = true } };

    private static VqVaeOptions WithStride(VqVaeOptions options, int stride) =>
        options with { Stride = stride, Hidden = VqVaeOptions.LeastHiddenAt(stride) };

    private static string[] LayerNames(VqVaeOptions options, int layers) =>
        NamesOf(options with { ResidualLayers = layers });

    private static string[] NamesOf(VqVaeOptions options) => [.. ShapesOf(options).Select(entry => entry.Name)];
}
