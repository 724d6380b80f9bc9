using Tessera.Quantization;
using Tessera.Tensors;
using Tessera.Tensors.Devices;

namespace Tessera.Models;

/// <summary>
/// Finds the sizes of a stored model in the shapes of its tensors. Where a size stands follows from the network itself:
/// two models without memory that differ in this size only show the tensor and the axis that hold it.
/// </summary>
internal static class ModelSizes
{
    private static readonly ShapeDevice Shapes = new();

    // Small sizes, all allowed.
    private static readonly VqVaeOptions Smallest = new()
    {
        Channels = 1,
        Hidden = 2,
        ResidualHidden = 1,
        ResidualLayers = 0,
        Codes = 1,
        CodeDim = 1,
    };

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

    /// <summary>The sizes of a stored model; they are not checked.</summary>
    /// <param name="stored">The tensors.</param>
    /// <param name="quantizer">The model's quantizer; null to infer it from the names.</param>
    /// <exception cref="InputException">A tensor that shows a size is missing or has another rank.</exception>
    public static VqVaeOptions Read(StoredTensors stored, QuantizerOptions? quantizer)
    {
        // Any tensor of a part shows that the model has this part; a missing one is then an error.
        VqVaeOptions options = Smallest with { LookupDim = HasMore(Smallest, Smallest with { LookupDim = 1 }) ? 1 : 0 };
        options = options with { Quantizer = quantizer ?? Inferred(options) };
        options = options with { ResidualLayers = CountLayers() };

        VqVaeOptions kind = options;
        options = options with { Channels = Find(3, (o, size) => o with { Channels = size }) };
        options = options with { Hidden = Find(4, (o, size) => o with { Hidden = size }) };
        options = options with { Codes = Find(2, (o, size) => o with { Codes = size }) };
        options = options with { CodeDim = Find(2, (o, size) => o with { CodeDim = size }) };
        options = options with
        {
            ResidualHidden = kind.ResidualLayers == 0
                ? new VqVaeOptions().ResidualHidden
                : Find(2, (o, size) => o with { ResidualHidden = size }),
        };
        return kind.LookupDim == 0
            ? options
            : options with { LookupDim = Find(2, (o, size) => o with { LookupDim = size }) };

        bool HasMore(VqVaeOptions fewer, VqVaeOptions more) => NamesBeyond(fewer, more).Any(stored.Has);

        // The last residual block of which there is a tensor; there are no more blocks than names for them.
        int CountLayers()
        {
            int perLayer = NamesBeyond(Smallest, Smallest with { ResidualLayers = 1 }).Length;
            int layers = Math.Min(VqVaeOptions.MostResidualLayers, stored.Names.Count() / perLayer + 1);
            while (layers > 0 && !HasMore(
                Smallest with { ResidualLayers = layers - 1 }, Smallest with { ResidualLayers = layers })) layers--;
            return layers;
        }

        QuantizerOptions Inferred(VqVaeOptions plain) => Inferable.FirstOrDefault(
            kind => HasMore(plain, plain with { Quantizer = kind }), new VectorQuantizerOptions());

        int Find(int larger, Func<VqVaeOptions, int, VqVaeOptions> with)
        {
            (string name, int rank, int axis) = Place(kind, with(kind, larger), larger);
            return stored.Sizes(name, rank)[axis];
        }
    }

    private static string[] NamesBeyond(VqVaeOptions fewer, VqVaeOptions more) =>
        [.. ShapesOf(more).Select(entry => entry.Name).Except(ShapesOf(fewer).Select(entry => entry.Name))];

    /// <summary>The first tensor and axis whose size differs between two models, and is the larger size.</summary>
    private static (string Name, int Rank, int Axis) Place(VqVaeOptions smaller, VqVaeOptions larger, int size)
    {
        foreach (((string name, Shape shape), (_, Shape other)) in ShapesOf(smaller).Zip(ShapesOf(larger)))
        {
            for (int axis = 0; axis < shape.Rank; axis++)
            {
                if (other[axis] != shape[axis] && other[axis] == size) return (name, shape.Rank, axis);
            }
        }
        throw new InvalidOperationException("no tensor of the network shows this size");
    }
}
