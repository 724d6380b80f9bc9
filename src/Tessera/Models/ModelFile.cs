using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Tessera.Files;
using Tessera.Quantization;
using Tessera.Tensors;
using Tessera.Tensors.Devices;
using Tessera.Tensors.IO;

namespace Tessera.Models;

/// <summary>
/// Reads and writes models as safetensors or PyTorch files, with the tensor names and layouts of the reference
/// notebook's PyTorch model. Python can load the files directly, and files that Python wrote with these names can be
/// read here. The model's sizes are inferred from the tensor shapes.
/// </summary>
public static class ModelFile
{
    private const string QuantizerKey = "quantizer", VarianceKey = "data_variance", CodesKey = "codes",
        CellKey = "cell";

    /// <summary>
    /// Writes a model: for <c>torch.load</c> if the name ends in .pt or .pth, otherwise as safetensors.
    /// </summary>
    /// <param name="path">The file; an existing one is replaced.</param>
    /// <param name="model">The model.</param>
    /// <param name="dataVariance">The variance of its training images, stored in the metadata; null for none.</param>
    /// <param name="half">
    /// Whether a safetensors file stores the weights as F16, in half the space. Values that F16 cannot hold stay F32.
    /// </param>
    /// <exception cref="InputException">The file cannot be written, or it is PyTorch's and F16 is wanted.</exception>
    public static void Write(string path, VqVae model, double? dataVariance, bool half = false)
    {
        bool asPyTorch = IsPyTorch(path);
        if (half && asPyTorch)
            throw new InputException($"{path}: only safetensors files can have float16 weights")
            { Option = nameof(half) };
        AtomicFile.Write(path, stream => Write(stream, model, dataVariance, asPyTorch, half));
    }

    /// <summary>Writes a model to a stream.</summary>
    internal static void Write(
        Stream stream, VqVae model, double? dataVariance, bool asPyTorch = false, bool half = false)
    {
        var metadata = new Dictionary<string, string>
        {
            ["format"] = "pt",
            [QuantizerKey] = JsonSerializer.Serialize(model.Options.Quantizer, QuantizerJson.Default.QuantizerOptions),
        };
        NetworkMetadata.Write(model.Options, metadata);
        // What no tensor's shape shows of the quantizer.
        VqVaeOptions options = model.Options;
        if (!options.Quantizer.HasTable) metadata[CodesKey] = $"{options.Codes}";
        // The names of the tensors show whether there are two levels.
        if (options.Cell with { Top = false } != new CellOptions())
            metadata[CellKey] = JsonSerializer.Serialize(options.Cell, QuantizerJson.Default.CellOptions);
        if (dataVariance is { } variance) metadata[VarianceKey] = variance.ToString("R", CultureInfo.InvariantCulture);
        if (asPyTorch) PyTorchFile.Write(stream, StateDict.Entries(model.State()), metadata);
        else SafeTensors.Write(stream, StateDict.Entries(model.State(), half), metadata);
    }

    /// <summary>Reads a model.</summary>
    /// <param name="path">The file; or a run folder (its newest weights) or checkpoint folder.</param>
    /// <param name="device">The model's device; null for the default device.</param>
    /// <param name="key">
    /// The path of keys to the state dict in a PyTorch file, joined by dots; null if only one dict fits.
    /// </param>
    /// <returns>The model and its origin in the file.</returns>
    /// <exception cref="InputException">
    /// The file is missing or damaged, holds no such model, or holds several and no key is given.
    /// </exception>
    public static StoredModel Read(string path, Device? device = null, string? key = null)
    {
        StoredTensors stored = Open(path, key);
        // Checked before a model of these sizes is allocated: a small file must not cause a large allocation.
        VqVaeOptions options = CheckedOptions(stored);
        var model = new VqVae(options, device: device);
        try
        {
            stored.CopyTo([.. model.State()]);
        }
        catch
        {
            model.Dispose();
            throw;
        }
        return new StoredModel(model, Number(stored, VarianceKey)) { Origin = OriginOf(stored, model) };
    }

    /// <summary>The options of the model in a file, from its shapes and metadata.</summary>
    /// <inheritdoc cref="Read"/>
    public static VqVaeOptions ReadOptions(string path, string? key = null) =>
        ReadOptions(Open(path, key));

    /// <summary>Whether a file of that name is written in PyTorch's format.</summary>
    private static bool IsPyTorch(string path) => Path.GetExtension(path).ToLowerInvariant() is ".pt" or ".pth";

    /// <summary>
    /// Reads the weights of a stored model into a model of the same kind. Extra tensors in the file that are no part of
    /// the stored model are ignored.
    /// </summary>
    /// <exception cref="InputException">
    /// The file is unusable, or the stored model has other tensors or shapes.
    /// </exception>
    internal static void ReadWeights(string path, string? key, VqVae model)
    {
        StoredTensors stored = Open(path, key);
        VqVaeOptions options = ReadOptions(stored);
        NetworkMetadata.CheckSame(stored, options, model.Options);
        string[] own = [.. ModelSizes.ShapesOf(options).Select(entry => entry.Name)];
        stored.CopyAllTo([.. model.State()], stored.Names.Intersect(own));
    }

    private static StoredTensors Open(string path, string? key) =>
        StoredTensors.Open(FindWeights(path), key, CheckFit);

    /// <summary>The path of the model file in a folder; a path that is not a folder itself.</summary>
    /// <exception cref="InputException">There is no model file in the folder.</exception>
    private static string FindWeights(string path)
    {
        if (!Directory.Exists(path)) return path;
        string file = Path.Combine(path, StateDict.ModelName);
        return File.Exists(file)
            ? file
            : throw new InputException(
                $"{path} has no {StateDict.ModelName}: it is no run or checkpoint, or its run has not reached its "
                + "first checkpoint; check the path");
    }

    /// <summary>Throws if a dict does not hold a whole model.</summary>
    private static void CheckFit(StoredTensors stored) => CheckedOptions(stored);

    /// <summary>The options of the model in a dict that holds a whole one.</summary>
    private static VqVaeOptions CheckedOptions(StoredTensors stored)
    {
        VqVaeOptions options = ReadOptions(stored);
        foreach ((string name, Shape shape) in ModelSizes.ShapesOf(options)) stored.Check(name, shape.ToArray());
        return options;
    }

    private static ModelOrigin OriginOf(StoredTensors stored, VqVae model) => new(
        stored.Path, stored.Key, stored.Prefix, stored.NamesBeside(model.State().Select(entry => entry.Name)));

    private static VqVaeOptions ReadOptions(StoredTensors stored)
    {
        QuantizerOptions? quantizer = ReadJson(
            stored, QuantizerKey, "quantizer", QuantizerJson.Default.QuantizerOptions);
        if (quantizer is not null) Supported(stored, quantizer.Validate);
        CellOptions cell = ReadJson(stored, CellKey, "cell", QuantizerJson.Default.CellOptions) ?? new CellOptions();
        cell = cell with { Top = ModelSizes.HasTop(stored) };
        Supported(stored, () => cell.Validate(quantizer ?? new VectorQuantizerOptions()));
        int? codes = quantizer is { HasTable: false } ? ReadCodes(stored, quantizer) : null;
        VqVaeOptions options = NetworkMetadata.Read(stored, ModelSizes.Read(stored, quantizer, cell, codes));
        Supported(stored, options.Validate);
        return options;
    }

    private static void Supported(StoredTensors stored, Action validate)
    {
        try
        {
            validate();
        }
        catch (InputException e)
        {
            throw new InputException($"{stored.Source}: unsupported model: {e.Message}", e);
        }
    }

    /// <summary>What the metadata states as JSON; null if it does not.</summary>
    private static T? ReadJson<T>(StoredTensors stored, string key, string what, JsonTypeInfo<T> type) where T : class
    {
        if (!stored.Metadata.TryGetValue(key, out string? json)) return null;
        try
        {
            return JsonSerializer.Deserialize(json, type) ?? throw new JsonException("it is empty");
        }
        // NotSupportedException: the JSON has no "type".
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            string reason = Printable.OneLine(e.Message.ReplaceLineEndings(" ")).TrimEnd('.');
            throw new InputException($"{stored.Source}: its metadata names a {what} that cannot be read ({reason})", e);
        }
    }

    /// <summary>The number of codes in the metadata, which no tensor shows.</summary>
    private static int ReadCodes(StoredTensors stored, QuantizerOptions quantizer)
    {
        int codes = stored.Metadata.TryGetValue(CodesKey, out string? text)
            && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            && number is >= 1 and <= 1 << 20
                ? number
                : throw new InputException(
                    $"{stored.Source}: its metadata does not state the number of codes, which the quantizer "
                    + $"{quantizer.Kind} needs");
        Supported(stored, () => quantizer.DimensionsFor(codes));
        return codes;
    }

    private static double? Number(StoredTensors stored, string key) =>
        stored.Metadata.TryGetValue(key, out string? text)
        && double.TryParse(text, CultureInfo.InvariantCulture, out double value)
            ? value
            : null;
}
