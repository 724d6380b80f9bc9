using System.Reflection;
using Tessera.Files;
using Tessera.Runs;

namespace Tessera.Models;

/// <summary>The trained models in this package: tokenizers, each with the prior over its codes.</summary>
/// <example><code>
/// using var sampler = ImageSampler.Open(PretrainedModels.FolderOf("cifar10"));
/// Image[] horses = sampler.Sample(8, "horse");
/// </code></example>
public static class PretrainedModels
{
    private static readonly Assembly Package = typeof(PretrainedModels).Assembly;

    /// <summary>
    /// Their names. What each was trained on is in the file <c>models/NAME/README.md</c> of the sources.
    /// </summary>
    public static IReadOnlyList<string> Names { get; } =
        [.. Package.GetManifestResourceNames().Select(file => file.Split('/')[0]).Distinct().Order()];

    /// <summary>
    /// The folder of a model, which holds a tokenizer's run (<c>config.json</c>, <c>model.safetensors</c>) and the
    /// prior's in <c>prior</c>. The first call writes it to the user's cache folder, or where there is none that can be
    /// written, to the folder of temporary files; later calls write again what is missing or differs.
    /// </summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <exception cref="InputException">There is no such model, or no folder can be written.</exception>
    public static string FolderOf(string name) => FolderOf(name, [CacheFolder.Find(), TemporaryFolder]);

    internal static string FolderOf(string name, IReadOnlyList<string?> places)
    {
        string[] files = [.. Package.GetManifestResourceNames().Where(file => file.StartsWith($"{name}/", StringComparison.Ordinal))];
        if (files.Length == 0)
            throw new InputException($"there is no model {name} in the package; there is {string.Join(", ", Names)}");
        InputException? first = null;
        foreach (string place in places.OfType<string>())
        {
            string folder = Path.Combine(place, "models", RunFolder.Version);
            try
            {
                foreach (string file in files) Unpack(file, Path.Combine([folder, .. file.Split('/')]));
                return Path.Combine(folder, name);
            }
            catch (InputException e)
            {
                first ??= e;
            }
        }
        throw first ?? new InputException($"there is no folder to write the model {name} to");
    }

    private static string TemporaryFolder => Path.Combine(Path.GetTempPath(), $"tessera-{Environment.UserName}");

    private static void Unpack(string file, string path)
    {
        using Stream stream = Package.GetManifestResourceStream(file)!;
        byte[] content = new byte[stream.Length];
        stream.ReadExactly(content);
        try
        {
            // Compared as a whole: another build of the same version, or a user, may have changed the file.
            if (File.Exists(path) && File.ReadAllBytes(path).AsSpan().SequenceEqual(content)) return;
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            throw FileErrors.Writing(path, e);
        }
        AtomicFile.Write(path, target => target.Write(content));
    }
}
