using System.Globalization;
using System.Text.Json;
using Tessera.Files;
using Tessera.Quantization;
using Tessera.Tensors;
using Tessera.Tensors.Devices;
using Tessera.Tensors.IO;

namespace Tessera.Models;

/// <summary>
/// A model in a file with the names and layouts of the seed's PyTorch model, safetensors or PyTorch's own: Python loads it
/// as it is, and a file that Python wrote with these names is read here. The sizes are read off the shapes.
/// </summary>
public static class ModelFile
{
    private const string Vq = "_vq_vae.";
    private const string QuantizerKey = "quantizer", VarianceKey = "data_variance";

    /// <summary>Writes a model: for PyTorch's <c>torch.load</c> where the name ends in .pt or .pth, else as safetensors.</summary>
    /// <param name="path">The file; one that is there is replaced.</param>
    /// <param name="model">The model.</param>
    /// <param name="dataVariance">The variance of the pictures it was trained on, kept beside it; null for none.</param>
    /// <exception cref="InputException">It cannot be written.</exception>
    public static void Write(string path, VqVae model, double? dataVariance) =>
        AtomicFile.Write(path, stream => Write(stream, model, dataVariance, IsPyTorch(path)));

    /// <summary>Writes a model to a stream.</summary>
    internal static void Write(Stream stream, VqVae model, double? dataVariance, bool asPyTorch = false)
    {
        var metadata = new Dictionary<string, string>
        {
            ["format"] = "pt",
            [QuantizerKey] = JsonSerializer.Serialize(model.Options.Quantizer, QuantizerJson.Default.QuantizerOptions),
        };
        if (dataVariance is { } variance) metadata[VarianceKey] = variance.ToString("R", CultureInfo.InvariantCulture);
        if (asPyTorch) PyTorchFile.Write(stream, Entries(model.State()), metadata);
        else SafeTensors.Write(stream, Entries(model.State()), metadata);
    }

    /// <summary>Reads a model.</summary>
    /// <param name="path">The file.</param>
    /// <param name="device">Where the model is to live; the processor when null.</param>
    /// <returns>The model, and the variance of the pictures it was trained on if the file tells.</returns>
    /// <exception cref="InputException">The file is missing, damaged, or not of such a model.</exception>
    public static (VqVae Model, double? DataVariance) Read(string path, Device? device = null)
    {
        TensorFile file = Open(path);
        VqVaeOptions options = ReadOptions(path, file);
        var model = new VqVae(options, device: device);
        ReadInto(path, file, model.State());
        return (model, Number(file, VarianceKey));
    }

    /// <summary>The options of the model in a file, as far as its shapes and its metadata tell.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InputException">The file is missing, damaged, or not of such a model.</exception>
    public static VqVaeOptions ReadOptions(string path) => ReadOptions(path, Open(path));

    /// <summary>Whether a file of that name is written as one of PyTorch.</summary>
    private static bool IsPyTorch(string path) => Path.GetExtension(path).ToLowerInvariant() is ".pt" or ".pth";

    /// <summary>Reads tensors by name from a file that must have just these.</summary>
    internal static void ReadInto(string path, IEnumerable<(string Name, Tensor Tensor)> tensors) =>
        ReadInto(path, Open(path), tensors);

    /// <summary>Copies of tensors as a file's entries.</summary>
    internal static List<TensorEntry> Entries(IEnumerable<(string Name, Tensor Tensor)> tensors) =>
        [.. tensors.Select(entry => new TensorEntry(entry.Name, entry.Tensor.Shape.ToArray(), entry.Tensor.ToArray()))];

    /// <summary>Whether all numbers are finite.</summary>
    internal static bool AreFinite(ReadOnlySpan<float> values)
    {
        foreach (float value in values)
        {
            if (!float.IsFinite(value)) return false;
        }
        return true;
    }

    private static void ReadInto(string path, TensorFile file, IEnumerable<(string Name, Tensor Tensor)> tensors)
    {
        var expected = tensors.ToList();
        foreach ((string name, Tensor tensor) in expected)
        {
            TensorEntry entry = Find(path, file, name);
            CheckShape(path, entry, tensor.Shape.ToArray());
            if (!AreFinite(entry.Values.Span))
                throw new InputException($"{path}: the tensor {name} holds values that are not finite numbers");
        }
        var names = expected.Select(entry => entry.Name).ToHashSet();
        if (file.Tensors.FirstOrDefault(entry => !names.Contains(entry.Name)) is { } odd)
            throw new InputException($"{path}: the model has no tensor {odd.Name}");
        // Only now: a model is never left with half of a file's tensors.
        foreach ((string name, Tensor tensor) in expected) tensor.CopyFrom(Find(path, file, name).Values.Span);
    }

    private static TensorFile Open(string path)
    {
        try
        {
            return TensorFile.Read(path);
        }
        catch (InvalidDataException e)
        {
            throw new InputException(e.Message, e);
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            throw FileErrors.Reading(path, e);
        }
    }

    private static VqVaeOptions ReadOptions(string path, TensorFile file)
    {
        int[] first = Sizes(path, file, "_encoder._conv_1.weight", 4);
        int[]? projection = file.TryGet($"{Vq}_project_in.weight", out _) ? Sizes(path, file, $"{Vq}_project_in.weight", 4) : null;
        string lookup = projection is null ? Vq : $"{Vq}_quantizer.";
        int[] codebook = Sizes(path, file, $"{lookup}_embedding.weight", 2);
        int layers = 0;
        while (file.TryGet(ResidualWeight(layers), out _)) layers++;
        var defaults = new VqVaeOptions();
        var options = new VqVaeOptions
        {
            Channels = first[1],
            Hidden = Sizes(path, file, "_encoder._conv_2.weight", 4)[0],
            ResidualLayers = layers,
            ResidualHidden = layers == 0 ? defaults.ResidualHidden : Sizes(path, file, ResidualWeight(0), 4)[0],
            Codes = codebook[0],
            CodeDim = projection?[1] ?? codebook[1],
            LookupDim = projection?[0] ?? 0,
            Quantizer = ReadQuantizer(path, file, lookup),
        };
        try
        {
            options.Validate();
        }
        catch (InputException e)
        {
            throw new InputException($"{path} is of no model that Tessera knows: {e.Message}", e);
        }
        CheckSources(path, file, options, lookup);
        return options;
    }

    private static string ResidualWeight(int layer) => $"_encoder._residual_stack._layers.{layer}._block.1.weight";

    /// <summary>
    /// Checks the tensors whole that the sizes were read off, before a model is made of these sizes: a file that names large
    /// ones must hold as much.
    /// </summary>
    private static void CheckSources(string path, TensorFile file, VqVaeOptions options, string lookup)
    {
        (int hidden, int dimensions) = (options.Hidden, options.LookupDim > 0 ? options.LookupDim : options.CodeDim);
        CheckShape(path, Find(path, file, "_encoder._conv_1.weight"), [hidden / 2, options.Channels, 4, 4]);
        CheckShape(path, Find(path, file, "_encoder._conv_2.weight"), [hidden, hidden / 2, 4, 4]);
        for (int layer = 0; layer < options.ResidualLayers; layer++)
            CheckShape(path, Find(path, file, ResidualWeight(layer)), [options.ResidualHidden, hidden, 3, 3]);
        if (options.LookupDim > 0) CheckShape(path, Find(path, file, $"{Vq}_project_in.weight"), [dimensions, options.CodeDim, 1, 1]);
        CheckShape(path, Find(path, file, $"{lookup}_embedding.weight"), [options.Codes, dimensions]);
        if (options.Quantizer is SimVectorQuantizerOptions)
            CheckShape(path, Find(path, file, $"{lookup}_embedding_proj.weight"), [dimensions, dimensions, 1, 1]);
    }

    private static void CheckShape(string path, TensorEntry entry, ReadOnlySpan<int> shape)
    {
        if (!entry.Shape.AsSpan().SequenceEqual(shape))
            throw new InputException(
                $"{path}: the tensor {entry.Name} has the shape [{string.Join(", ", entry.Shape)}]; the model's is [{string.Join(", ", shape.ToArray())}]");
    }

    /// <summary>What the file tells; of a file that Python wrote, what its tensors are those of.</summary>
    private static QuantizerOptions ReadQuantizer(string path, TensorFile file, string lookup)
    {
        if (!file.Metadata.TryGetValue(QuantizerKey, out string? json))
        {
            return file.TryGet($"{lookup}_ema_w", out _) ? new EmaVectorQuantizerOptions()
                : file.TryGet($"{lookup}_embedding_proj.weight", out _) ? new SimVectorQuantizerOptions()
                : new VectorQuantizerOptions();
        }
        try
        {
            return JsonSerializer.Deserialize(json, QuantizerJson.Default.QuantizerOptions) ?? throw new JsonException("it is empty");
        }
        // NotSupportedException: it has no "type".
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new InputException($"{path}: its metadata names a quantizer that cannot be read ({e.Message.ReplaceLineEndings(" ").TrimEnd('.')})", e);
        }
    }

    private static int[] Sizes(string path, TensorFile file, string name, int rank)
    {
        int[] sizes = Find(path, file, name).Shape;
        return sizes.Length == rank
            ? sizes
            : throw new InputException($"{path}: the tensor {name} has {sizes.Length} sizes; a VQ-VAE's has {rank}");
    }

    private static TensorEntry Find(string path, TensorFile file, string name) =>
        file.TryGet(name, out TensorEntry? entry)
            ? entry
            : throw new InputException($"{path}: the tensor {name} is missing; it is no VQ-VAE with the seed's names");

    private static double? Number(TensorFile file, string key) =>
        file.Metadata.TryGetValue(key, out string? text)
        && double.TryParse(text, CultureInfo.InvariantCulture, out double value)
            ? value
            : null;
}
