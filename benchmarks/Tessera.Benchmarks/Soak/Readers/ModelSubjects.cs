using Tessera.Features;
using Tessera.Models;
using Tessera.Onnx;
using Tessera.Priors;
using Tessera.Quantization;
using Tessera.Tensors.IO;
using Tessera.Tokens;

namespace Tessera.Benchmarks.Soak.Readers;

/// <summary>Readers of tensors, models and codes.</summary>
/// <param name="fixtures">The folder tests/fixtures.</param>
/// <param name="folder">A folder for files that are made here.</param>
internal sealed class ModelSubjects(string fixtures, string folder)
{
    // Enough for the codes of every fixture.
    private const int Codebook = 1 << 16, AtOnce = 16;

    /// <summary>A model that reads and trains at once.</summary>
    public static readonly VqVaeOptions Tiny = new()
    {
        Hidden = 4,
        ResidualHidden = 2,
        ResidualLayers = 1,
        Codes = 8,
        CodeDim = 4,
        Quantizer = new EmaVectorQuantizerOptions(),
    };

    private static readonly (string Name, VqVaeOptions Options)[] Models =
    [
        ("ema", Tiny), ("norm", Tiny with { GroupNorm = 2, Attention = 1 }),
        ("top", Tiny with { Cell = new CellOptions { Top = true } }),
        ("cosine", Tiny with { Quantizer = new CosineVectorQuantizerOptions() }),
        ("fsq", Tiny with { Quantizer = QuantizerOptions.Find("fsq"), Cell = new CellOptions { Depth = 2 } }),
        ("lfq", Tiny with { Quantizer = QuantizerOptions.Find("lfq"), Cell = new CellOptions { Groups = 2 } }),
        ("gumbel", Tiny with { Quantizer = QuantizerOptions.Find("gumbel"), Cell = new CellOptions { Groups = 2 } }),
    ];

    /// <summary>All of them.</summary>
    public IEnumerable<Subject> All() => [.. Tensors(), .. Numpy(), .. OfModels()];

    private IEnumerable<Subject> Tensors()
    {
        yield return new Subject(
            "safetensors", 60, [.. Fixtures("safetensors", "*.safetensors"), Fixture("pytorch", "kinds.safetensors")],
            path => TensorFile.ReadAll(path))
        { IsEngine = true };
        yield return new Subject(
            "pt", 60,
            [
                .. ((string[])["kinds", "kinds_old", "small_ema", "small_old", "nested", "old"])
                    .Select(name => Fixture("pytorch", $"{name}.pt")),
            ],
            path => TensorFile.ReadAll(path))
        { IsEngine = true };
        yield return new Subject(
            "pt-pickle", 60,
            [
                Inside(Fixture("pytorch", "kinds.pt"), "kinds/data.pkl"),
                Inside(Fixture("pytorch", "small_ema.pt"), "small_ema/data.pkl"),
                Inside(Fixture("pytorch", "nested.pt"), "nested/data.pkl"),
            ],
            path => TensorFile.ReadAll(path))
        { IsEngine = true };
    }

    private IEnumerable<Subject> Numpy()
    {
        Sample[] arrays = [.. Fixtures("npy", "*.npy")], zips = [.. Fixtures("npy", "*.npz")];
        yield return new Subject("npy", 60, [.. arrays.Where(IsOfIntegers), .. zips], ReadArray) { IsEngine = true };
        yield return new Subject(
            "tokens", 60,
            [
                .. ((string[])["uint16.npy", "int64.npy", "fortran.npy", "one_picture.npy", "stored.npz"])
                    .Select(name => Fixture("npy", name)),
                Inside(Fixture("npy", "compressed.npz"), "codes.npy"),
            ],
            path =>
            {
                using TokenReader reader = TokenReader.Open(path, Codebook);
                while (reader.Left > 0) reader.Read(Math.Min(reader.Left, AtOnce));
            });
    }

    // Others are refused as they are.
    private static bool IsOfIntegers(Sample sample) =>
        !sample.Name.Contains("float", StringComparison.Ordinal)
        && sample.Name is not ("structured.npy" or "too_large_int64.npy" or "extremes_int64.npy" or "uint64.npy");

    private static void ReadArray(string path)
    {
        using NpyReader reader = NpyReader.Open(path, "codes", orOnly: true);
        int[] some = new int[AtOnce];
        for (long left = reader.Length; left > 0; left -= some.Length)
            reader.Read(some.AsSpan(0, (int)Math.Min(left, some.Length)));
    }

    private IEnumerable<Subject> OfModels()
    {
        yield return new Subject(
            "model-safetensors", 40, [.. Models.Select(model => Made($"{model.Name}.safetensors", model.Options))],
            ReadModel);
        yield return new Subject(
            "model-pt", 40,
            [
                .. Models.Take(3).Select(model => Made($"{model.Name}.pt", model.Options)),
                .. ((string[])["small", "small_ema", "small_old", "small_module", "small_both", "small_extra"])
                    .Select(name => Fixture("pytorch", $"{name}.pt")),
            ],
            path => Keyed(path, key => ReadModel(path, key)));
        yield return Codebooks("codebooks-ema", new EmaVectorQuantizerOptions(), 1, false, "vq");
        yield return Codebooks("codebooks-shared", new EmaVectorQuantizerOptions(), 2, true, "shared");
        yield return Codebooks("codebooks-signs", new LookupFreeQuantizerOptions(), 1, false, "lfq");
        yield return new Subject("prior", 20, [Prior()], path => PriorFile.Read(path).Prior.Dispose());
        yield return new Subject("features", 20, [Classifier()], path => FeatureFile.Read(path).Dispose());
        yield return new Subject(
            "onnx", 40, [Fixture("onnx", "plain.onnx"), Fixture("onnx", "normalised.onnx")],
            path => OnnxFeatures.Read(path).Dispose());
    }

    private Subject Codebooks(string name, QuantizerOptions quantizer, int depth, bool shared, string fixture)
    {
        var model = new VqVae(
            Tiny with
            {
                Codes = 16,
                CodeDim = 6,
                Quantizer = quantizer,
                Cell = new CellOptions { Depth = depth, SharedCodebook = shared },
            },
            seed: 1);
        return new Subject(
            name, 15, [Fixture("pytorch", $"library_{fixture}.pt")], path => QuantizerImport.Read(path, model));
    }

    /// <summary>Reads a file; one that holds several models is asked for the first of two by name.</summary>
    private static void Keyed(string path, Action<string?> read)
    {
        try
        {
            read(null);
        }
        catch (InputException e) when (e.Option == "key")
        {
            read("ema");
        }
    }

    private static void ReadModel(string path) => ReadModel(path, null);

    private static void ReadModel(string path, string? key) => ModelFile.Read(path, key: key).Model.Dispose();

    private Sample Made(string name, VqVaeOptions options)
    {
        string path = Path.Combine(folder, name);
        using (var model = new VqVae(options, seed: 1)) ModelFile.Write(path, model, dataVariance: 0.0625);
        return new Sample(name, File.ReadAllBytes(path));
    }

    private Sample Prior()
    {
        string path = Path.Combine(folder, "prior.safetensors");
        var options = new CodePriorOptions
        {
            Codes = 8,
            Rows = 2,
            Columns = 2,
            Classes = ["cat", "dog"],
            Width = 8,
            Layers = 1,
            Heads = 2,
        };
        using (var prior = new CodePrior(options, seed: 1)) PriorFile.Write(path, prior, new string('0', 64));
        return new Sample("prior.safetensors", File.ReadAllBytes(path));
    }

    private Sample Classifier()
    {
        string path = Path.Combine(folder, "features.safetensors");
        using (var classifier = new Classifier(new ClassifierSizes { Width = 2, Classes = ["cat", "dog"] }, seed: 1))
            FeatureFile.Write(path, classifier.Features);
        return new Sample("features.safetensors", File.ReadAllBytes(path));
    }

    private static Sample Inside(Sample zip, string entry) => new(zip.Name, Packing.Entry(zip.Bytes, entry))
    {
        Wrap = content => Packing.WithEntry(zip.Bytes, entry, content),
    };

    private Sample Fixture(string part, string name) =>
        new(name, File.ReadAllBytes(Path.Combine(fixtures, part, name)));

    private IEnumerable<Sample> Fixtures(string part, string pattern) =>
        Directory.GetFiles(Path.Combine(fixtures, part), pattern).Order(StringComparer.Ordinal)
            .Select(path => new Sample(Path.GetFileName(path), File.ReadAllBytes(path)));
}
