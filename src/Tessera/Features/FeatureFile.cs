using System.Text.Json;
using Tessera.Files;
using Tessera.Tensors;
using Tessera.Tensors.Devices;
using Tessera.Tensors.IO;
using Tessera.Tensors.Nn;

namespace Tessera.Features;

/// <summary>
/// Reads and writes feature networks as safetensors files: tensors <c>features.LAYER.weight</c> (PyTorch's OIHW) and
/// <c>features.LAYER.bias</c>, and the layers in the metadata. A classifier's file is one too.
/// </summary>
public static class FeatureFile
{
    private const string LayersKey = "tessera.features", Prefix = "features.", FeaturesOption = "Features";

    /// <summary>Writes a feature network.</summary>
    /// <param name="path">The file; an existing one is replaced.</param>
    /// <param name="network">The network.</param>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public static void Write(string path, FeatureNetwork network) => AtomicFile.Write(
        path, stream => Write(stream, network, Named(network), []));

    /// <summary>Writes tensors that hold a feature network's, and other metadata.</summary>
    internal static void Write(
        Stream stream, FeatureNetwork network, IEnumerable<(string Name, Tensor Tensor)> tensors,
        Dictionary<string, string> metadata) =>
        SafeTensors.Write(
            stream, StateDict.Entries(tensors),
            new Dictionary<string, string>(metadata)
            {
                [LayersKey] = JsonSerializer.Serialize([.. network.Layers], FeatureJson.Default.FeatureLayerArray),
            });

    /// <summary>
    /// The file of the feature network that a path names: itself, or that of a run folder or checkpoint folder; null if
    /// it holds none.
    /// </summary>
    /// <exception cref="InputException">The file is damaged.</exception>
    public static string? Find(string path)
    {
        string file = FileOf(path);
        return File.Exists(file) && Path.GetExtension(file) == Path.GetExtension(StateDict.ModelName)
            && StateDict.Read(file).Metadata.ContainsKey(LayersKey)
            ? file
            : null;
    }

    /// <summary>Reads a feature network; it is frozen.</summary>
    /// <param name="path">The file, or the run folder or checkpoint folder of a classifier.</param>
    /// <param name="device">The network's device; null for the default device.</param>
    /// <returns>The network, which the caller disposes.</returns>
    /// <exception cref="InputException">The file is missing or damaged, or holds no feature network.</exception>
    public static FeatureNetwork Read(string path, Device? device = null)
    {
        string file = FileOf(path);
        StateDict stored = StateDict.Read(file);
        if (!stored.Metadata.TryGetValue(LayersKey, out string? json))
            throw new InputException(
                $"{file} holds no feature network: its metadata lack {LayersKey}; train a classifier")
            { Option = FeaturesOption };
        FeatureLayer[] layers = ReadLayers(file, json);
        // Checked before weights of these sizes are allocated: a small file must not cause a large allocation.
        using (var shapes = new FeatureNetwork(layers, new Initializer(0, new ShapeDevice()), new ShapeDevice()))
        {
            foreach ((string name, Tensor tensor) in Named(shapes)) stored.Check(name, tensor.Shape.ToArray());
        }
        var network = new FeatureNetwork(layers, new Initializer(0, device), device);
        try
        {
            stored.CopyTo([.. Named(network)]);
        }
        catch
        {
            network.Dispose();
            throw;
        }
        return network;
    }

    private static string FileOf(string path) =>
        Directory.Exists(path) ? Path.Combine(path, StateDict.ModelName) : path;

    private static IEnumerable<(string Name, Tensor Tensor)> Named(FeatureNetwork network) =>
        network.State().Select(entry => (Prefix + entry.Name, entry.Tensor));

    private static FeatureLayer[] ReadLayers(string path, string json)
    {
        try
        {
            FeatureLayer[] layers = JsonSerializer.Deserialize(json, FeatureJson.Default.FeatureLayerArray)
                ?? throw new JsonException("it is empty");
            FeatureNetwork.Validate(layers);
            return layers;
        }
        catch (Exception e) when (e is JsonException or InputException)
        {
            string reason = Printable.OneLine(e.Message.ReplaceLineEndings(" ")).TrimEnd('.');
            throw new InputException($"{path} is damaged: its metadata describe no feature network ({reason})", e);
        }
    }
}
