using Tessera.Files;
using Tessera.Quantization;
using Tessera.Tensors.IO;
using Shape = Tessera.Tensors.Shape;
using Tensor = Tessera.Tensors.Tensor;

namespace Tessera.Models;

/// <summary>
/// Reads codebooks from state dicts of the PyTorch library vector-quantize-pytorch: <c>VectorQuantize</c>,
/// <c>ResidualVQ</c>, <c>GroupedResidualVQ</c>, <c>SimVQ</c>, <c>ResidualSimVQ</c>, <c>FSQ</c>, <c>LFQ</c> and
/// <c>ResidualLFQ</c>, alone or in the state dict of a larger module.
/// </summary>
public static class QuantizerImport
{
    private const string Quantizer = "_vq_vae.", PlaceOption = "codebookAt";

    // More are not tried: each try looks at all names of its dict.
    private const int MostPlaces = 8;

    /// <summary>
    /// Replaces a model's quantizer by one of a file. If the same dict holds an encoder and a decoder with the
    /// reference notebook's names, they replace the model's too: codes are worth little without the network that made
    /// them.
    /// </summary>
    /// <param name="path">A file of <c>torch.save</c>, or safetensors.</param>
    /// <param name="model">
    /// The model. Its options say of what kind the quantizer is. On an error it is unchanged.
    /// </param>
    /// <param name="codebookAt">
    /// The quantizer's place: the key of its dict and its prefix, joined by a dot; null if only one fits.
    /// </param>
    /// <returns>The place, and whether the network was there too.</returns>
    /// <exception cref="InputException">
    /// The file is missing or damaged, or no quantizer in it fits the model, or several do.
    /// </exception>
    public static (string Place, bool HasNetwork) Read(string path, VqVae model, string? codebookAt = null)
    {
        VqVaeOptions options = model.Options;
        if (options.Cell.Top)
            throw new InputException("vector-quantize-pytorch has no quantizer of two levels; name a model with one");
        LibraryQuantizer[] places = PlacesIn(path, options.Quantizer, codebookAt);
        (string Name, Tensor Tensor)[] state = [.. model.State()];
        (string Name, Tensor Tensor)[] own =
        [
            .. state.Where(entry => entry.Name.StartsWith(Quantizer, StringComparison.Ordinal))
                .Select(entry => (entry.Name[Quantizer.Length..], entry.Tensor)),
        ];
        (LibraryQuantizer from, float[][] values) = Fitting(path, places, options, own);
        bool hasNetwork = ReadNetwork(
            path, from.Dict, [.. state.Where(entry => !entry.Name.StartsWith(Quantizer, StringComparison.Ordinal))]);
        foreach (((_, Tensor tensor), float[] value) in own.Zip(values)) tensor.CopyFrom(value);
        return (from.Place, hasNetwork);
    }

    private static LibraryQuantizer[] PlacesIn(string path, QuantizerOptions kind, string? at)
    {
        LibraryQuantizer[] places =
        [
            .. StateDict.ReadDicts(path).DistinctBy(dict => dict.Tensors)
                .SelectMany(dict => LibraryQuantizer.AllIn(path, dict, kind)),
        ];
        if (places.Length == 0)
            throw new InputException(
                $"{path}: it holds no quantizer of vector-quantize-pytorch for a model with the quantizer {kind.Kind}");
        if (at is null) return places;
        return places.FirstOrDefault(place => place.Place == at) is { } chosen
            ? [chosen]
            : throw new InputException($"{path} has no quantizer at {at}; it has {List(places)}")
            { Option = PlaceOption };
    }

    /// <summary>The only quantizer that fits, with its values.</summary>
    private static (LibraryQuantizer From, float[][] Values) Fitting(
        string path, LibraryQuantizer[] places, VqVaeOptions options, (string Name, Tensor Tensor)[] own)
    {
        (string Name, Shape Shape)[] names = [.. own.Select(entry => (entry.Name, entry.Tensor.Shape))];
        if (places is [var only]) return (only, only.ValuesFor(options, names));
        var fitting = new List<(LibraryQuantizer From, float[][] Values)>();
        foreach (LibraryQuantizer place in places.Length <= MostPlaces ? places : [])
        {
            try
            {
                fitting.Add((place, place.ValuesFor(options, names)));
            }
            catch (InputException)
            {
                // Another may fit.
            }
        }
        return fitting.Count == 1
            ? fitting[0]
            : throw new InputException(
                fitting.Count == 0
                    ? $"{path}: none of its quantizers is sure to fit the model ({List(places)}); choose one by its "
                        + "place to see why"
                    : $"{path}: several of its quantizers fit the model "
                        + $"({List([.. fitting.Select(fit => fit.From)])}); choose one by its place")
            { Option = PlaceOption };
    }

    private static bool ReadNetwork(string path, TensorFile dict, (string Name, Tensor Tensor)[] network)
    {
        var stored = StateDict.At(path, dict, NetworkPrefix(dict));
        if (!stored.Has(ModelSizes.FirstName)) return false;
        stored.CopyTo(network);
        return true;
    }

    private static string NetworkPrefix(TensorFile dict) =>
        dict.Tensors.Select(tensor => tensor.Name).FirstOrDefault(
            name => name == ModelSizes.FirstName
                || name.EndsWith("." + ModelSizes.FirstName, StringComparison.Ordinal)) is { } name
            ? name[..^ModelSizes.FirstName.Length]
            : "";

    private static string List(LibraryQuantizer[] places) =>
        string.Join(", ", places.Take(MostPlaces).Select(place => place.Place))
        + (places.Length > MostPlaces ? $" and {places.Length - MostPlaces} more" : "");
}
