using System.Security.Cryptography;
using System.Text.Json;
using Tessera.Files;
using Tessera.Tensors.Devices;
using Tessera.Tensors.IO;

namespace Tessera.Priors;

/// <summary>
/// Reads and writes priors as safetensors files. The metadata hold the sizes and the hash of the tokenizer's file.
/// </summary>
public static class PriorFile
{
    private const string OptionsKey = "tessera.prior", TokenizerKey = "tessera.tokenizer_sha256";

    /// <summary>Writes a prior.</summary>
    /// <param name="path">The file; an existing one is replaced.</param>
    /// <param name="prior">The prior.</param>
    /// <param name="tokenizerHash">The SHA-256 of its tokenizer's file (<see cref="HashOf"/>).</param>
    /// <param name="half">Whether the weights are stored as F16, in half the space.</param>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public static void Write(string path, CodePrior prior, string tokenizerHash, bool half = false) =>
        AtomicFile.Write(path, stream => Write(stream, prior, tokenizerHash, half));

    /// <summary>Writes a prior to a stream.</summary>
    /// <param name="stream">Receives the file.</param>
    /// <param name="prior">The prior.</param>
    /// <param name="tokenizerHash">The SHA-256 of its tokenizer's file (<see cref="HashOf"/>).</param>
    /// <param name="half">Whether the weights are stored as F16, in half the space.</param>
    public static void Write(Stream stream, CodePrior prior, string tokenizerHash, bool half = false) =>
        SafeTensors.Write(
            stream, StateDict.Entries(prior.State(), half),
            new Dictionary<string, string>
            {
                [OptionsKey] = JsonSerializer.Serialize(prior.Options, PriorJson.Default.CodePriorOptions),
                [TokenizerKey] = tokenizerHash,
            });

    /// <summary>
    /// The file of the prior that a path names: itself, or that of a run folder or checkpoint folder; null if it holds
    /// no prior.
    /// </summary>
    /// <exception cref="InputException">The file is damaged.</exception>
    public static string? Find(string path)
    {
        string file = Directory.Exists(path) ? Path.Combine(path, StateDict.ModelName) : path;
        return File.Exists(file) && Path.GetExtension(file) == Path.GetExtension(StateDict.ModelName)
            && StateDict.Read(file).Metadata.ContainsKey(OptionsKey)
            ? file
            : null;
    }

    /// <summary>Reads a prior.</summary>
    /// <param name="path">The file.</param>
    /// <param name="device">The prior's device; null for the default device.</param>
    /// <returns>The prior, which the caller disposes, and the hash of its tokenizer's file.</returns>
    /// <exception cref="InputException">The file is missing or damaged, or holds no prior.</exception>
    public static (CodePrior Prior, string TokenizerHash) Read(string path, Device? device = null)
    {
        StateDict stored = StateDict.Read(path);
        if (!stored.Metadata.TryGetValue(OptionsKey, out string? json)
            || !stored.Metadata.TryGetValue(TokenizerKey, out string? hash))
            throw new InputException($"{path} holds no prior: its metadata lack {OptionsKey} or {TokenizerKey}");
        CodePriorOptions options = ReadOptions(path, json);
        // Checked before a model of these sizes is allocated: a small file must not cause a large allocation.
        using (var shapes = new CodePrior(options, device: new ShapeDevice()))
        {
            foreach ((string name, Tensors.Tensor tensor) in shapes.State()) stored.Check(name, tensor.Shape.ToArray());
        }
        var prior = new CodePrior(options, device: device);
        try
        {
            stored.CopyAllTo([.. prior.State()]);
        }
        catch
        {
            prior.Dispose();
            throw;
        }
        return (prior, hash);
    }

    /// <summary>The SHA-256 of a file, in hexadecimal digits.</summary>
    /// <exception cref="InputException">The file cannot be read.</exception>
    public static string HashOf(string path)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            return Convert.ToHexStringLower(SHA256.HashData(stream));
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            throw FileErrors.Reading(path, e);
        }
    }

    private static CodePriorOptions ReadOptions(string path, string json)
    {
        try
        {
            CodePriorOptions options = JsonSerializer.Deserialize(json, PriorJson.Default.CodePriorOptions)
                ?? throw new JsonException("it is empty");
            options.Validate();
            return options;
        }
        catch (Exception e) when (e is JsonException or InputException)
        {
            string reason = Printable.OneLine(e.Message.ReplaceLineEndings(" ")).TrimEnd('.');
            throw new InputException($"{path} is damaged: its metadata describe no prior ({reason})", e);
        }
    }
}
