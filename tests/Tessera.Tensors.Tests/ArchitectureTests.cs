using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Tessera.Tensors.Tests.Devices;

namespace Tessera.Tensors.Tests;

/// <summary>Checks the dependencies between projects and folders in the source code.</summary>
public partial class ArchitectureTests
{
    private static readonly string Source = Repository.PathOf("src");

    [Fact]
    public void The_engine_knows_nothing_of_VQ_VAEs() =>
        AssertNone(FilesOf("Tessera.Tensors", "*.cs", "*.csproj"), DomainTerms(), "uses a term of VQ-VAEs");

    [Theory]
    [InlineData("Tessera")]
    [InlineData("Tessera.Models")]
    [InlineData("Tessera.Onnx")]
    [InlineData("Tessera.Studio")]
    [InlineData("Tessera.Cli")]
    public void Only_the_engine_touches_vectors(string project) =>
        AssertNone(FilesOf(project, "*.cs"), VectorTerms(), "computes with vectors of the processor");

    [Theory]
    [InlineData("Tessera")]
    [InlineData("Tessera.Models")]
    [InlineData("Tessera.Onnx")]
    [InlineData("Tessera.Studio")]
    [InlineData("Tessera.Cli")]
    public void Only_the_engine_is_unsafe(string project) =>
        AssertNone(FilesOf(project, "*.cs"), UnsafeKeyword(), "is unsafe");

    [Fact]
    public void ImageSharp_stays_inside_Imaging() =>
        AssertNone(
            FilesOf("Tessera", "*.cs").Concat(FilesOf("Tessera.Studio", "*.cs")).Concat(FilesOf("Tessera.Cli", "*.cs"))
                .Where(file => !Normal(file).Contains("/Tessera/Imaging/", StringComparison.Ordinal)),
            ImageSharp(), "uses ImageSharp");

    [Theory]
    [InlineData("Tessera.Tensors")]
    [InlineData("Tessera")]
    [InlineData("Tessera.Models")]
    [InlineData("Tessera.Onnx")]
    [InlineData("Tessera.Studio")]
    [InlineData("Tessera.Cli")]
    public void No_native_library_is_called(string project) =>
        AssertNone(FilesOf(project, "*.cs"), NativeCall(), "calls a native library");

    /// <summary>System first, then by name: a build does not check it.</summary>
    [Fact]
    public void Usings_are_in_order()
    {
        string[] folders = ["src", "tests", "benchmarks", "samples"];
        string[] wrong =
        [
            .. folders.SelectMany(folder => Directory.EnumerateFiles(
                    Repository.PathOf(folder), "*.cs", SearchOption.AllDirectories))
                .Where(file => !BuildOutput().IsMatch(Normal(file)))
                .Where(file =>
                {
                    string[] usings =
                    [
                        .. File.ReadLines(file).Select(line => PlainUsing().Match(line))
                            .Where(match => match.Success).Select(match => match.Groups[1].Value),
                    ];
                    return !usings.SequenceEqual(usings.OrderBy(IsOfAnother).ThenBy(ByPart, StringComparer.Ordinal));
                }),
        ];
        Assert.True(wrong.Length == 0, $"the usings are not in order: {string.Join(", ", wrong)}");

        static bool IsOfAnother(string name) =>
            name != "System" && !name.StartsWith("System.", StringComparison.Ordinal);

        // A name comes before those that it begins.
        static string ByPart(string name) => name.ToUpperInvariant().Replace('.', '\u0001');
    }

    [Fact]
    public void Kernels_and_devices_know_no_tensors() =>
        AssertNone(
            FilesOf("Tessera.Tensors", "*.cs").Where(
                file => Normal(file).Contains("/Devices/", StringComparison.Ordinal)),
            TensorType(), "knows tensors");

    /// <summary>Host and device meet in Upload and Download only, so that a device can run behind the host.</summary>
    [Fact]
    public void Primitives_of_a_device_return_nothing_and_take_no_host_memory()
    {
        Assert.NotEmpty(Seam.Primitives);
        foreach (MethodInfo primitive in Seam.Primitives)
        {
            Assert.True(primitive.ReturnType == typeof(void), $"{primitive.Name} returns {primitive.ReturnType}.");
            foreach (ParameterInfo parameter in primitive.GetParameters())
            {
                Type type = parameter.ParameterType;
                Assert.False(type.IsByRef && !parameter.IsIn, $"{primitive.Name} returns {parameter.Name}.");
                Assert.False(
                    (type.IsByRef ? type.GetElementType()! : type).IsByRefLike,
                    $"{primitive.Name} takes the span {parameter.Name}.");
                Assert.False(type.IsArray, $"{primitive.Name} takes the array {parameter.Name}.");
            }
        }
    }

    [Theory]
    [InlineData("Tessera.Tensors")]
    [InlineData("Tessera.Cuda", "Tessera.Tensors")]
    [InlineData("Tessera.Mpi", "Tessera.Tensors")]
    [InlineData("Tessera", "Tessera.Tensors")]
    [InlineData("Tessera.Models", "Tessera")]
    [InlineData("Tessera.Onnx", "Tessera")]
    [InlineData("Tessera.Studio", "Tessera")]
    [InlineData(
        "Tessera.Cli", "Tessera.Cuda", "Tessera.Models", "Tessera.Mpi", "Tessera.Onnx", "Tessera.Studio", "Tessera")]
    public void Project_references_point_one_way(string project, params string[] references)
    {
        XDocument file = XDocument.Load(Path.Combine(Source, project, project + ".csproj"));
        Assert.Equal(
            references,
            file.Descendants("ProjectReference")
                .Select(reference => Path.GetFileNameWithoutExtension(Normal(reference.Attribute("Include")!.Value))));
    }

    [Theory]
    [InlineData("Autograd", "Ops", "Nn", "Optim", "IO")]
    [InlineData("Devices", "Distributed", "Autograd", "Ops", "Nn", "Optim", "IO")]
    [InlineData("Distributed", "Autograd", "Ops", "Nn", "Optim", "IO")]
    [InlineData("Ops", "Nn", "Optim", "IO")]
    [InlineData("Nn", "Optim", "IO")]
    public void Folders_of_the_engine_point_one_way(string folder, params string[] above)
    {
        var use = new Regex($@"^using Tessera\.Tensors\.({string.Join('|', above)})\b", RegexOptions.Multiline);
        AssertNone(
            FilesOf("Tessera.Tensors", "*.cs").Where(
                file => Normal(file).Contains($"/Tessera.Tensors/{folder}/", StringComparison.Ordinal)),
            use, $"belongs to {folder} and uses what is above it");
    }

    /// <summary>
    /// Training knows Models, which know Quantization, and Runs, which know none of them: they train anything. Images
    /// know no models. Inspection knows models and images, and only the report knows Inspection. Priors know Runs and
    /// the tokenizer's model, and none of those knows Priors. ImageRuns are runs on images, whatever is trained; Features
    /// know them and no tokenizer. Reporting, which uses all of them, has no row.
    /// </summary>
    [Theory]
    [InlineData(
        "Quantization", "Models", "Runs", "Training", "Priors", "Data", "Imaging", "Tokens", "Inspection", "Reporting",
        "Analysis")]
    [InlineData(
        "Models", "Runs", "Training", "Priors", "Data", "Imaging", "Tokens", "Inspection", "Reporting", "Analysis")]
    [InlineData(
        "Runs", "ImageRuns", "Models", "Quantization", "Training", "Priors", "Data", "Imaging", "Tokens", "Inspection",
        "Reporting", "Analysis")]
    [InlineData(
        "ImageRuns", "Models", "Quantization", "Training", "Priors", "Features", "Tokens", "Inspection", "Reporting",
        "Analysis")]
    [InlineData("Features", "Models", "Quantization", "Training", "Priors", "Tokens", "Inspection", "Reporting")]
    [InlineData("Training", "Priors", "Inspection", "Reporting", "Benchmarking")]
    [InlineData("Priors", "Quantization", "Training", "Inspection", "Reporting")]
    [InlineData(
        "Imaging", "Data", "Models", "Quantization", "Runs", "Training", "Priors", "Tokens", "Inspection", "Reporting",
        "Analysis")]
    [InlineData(
        "Data", "Quantization", "Runs", "ImageRuns", "Training", "Priors", "Tokens", "Inspection", "Reporting",
        "Analysis")]
    [InlineData("Tokens", "Runs", "Training", "Priors", "Inspection", "Reporting", "Analysis")]
    [InlineData(
        "Analysis", "Models", "Quantization", "Runs", "Training", "Priors", "Tokens", "Inspection", "Reporting",
        "Data")]
    [InlineData("Inspection", "Runs", "Training", "Priors", "Tokens", "Reporting", "Files")]
    [InlineData(
        "Files", "Models", "Quantization", "Runs", "Training", "Priors", "Data", "Imaging", "Tokens", "Inspection",
        "Reporting", "Analysis")]
    public void Folders_of_the_library_point_one_way(string folder, params string[] above)
    {
        var use = new Regex(
            $@"^using (static )?Tessera\.({string.Join('|', above)})\b|\bTessera\.({string.Join('|', above)})\.",
            RegexOptions.Multiline);
        AssertNone(
            FilesOf("Tessera", "*.cs").Where(
                file => Normal(file).Contains($"/src/Tessera/{folder}/", StringComparison.Ordinal)),
            use, $"belongs to {folder} and uses what it must not");
    }

    [Theory]
    [InlineData("Tessera.Tensors")]
    [InlineData("Tessera")]
    public void The_libraries_know_no_kind_of_collective(string project) =>
        AssertNone(FilesOf(project, "*.cs"), KindOfCollective(), "knows what connects processes");

    [Fact]
    public void Only_the_program_makes_reports() =>
        AssertNone(
            FilesOf("Tessera", "*.cs").Concat(FilesOf("Tessera.Onnx", "*.cs")).Where(file => !IsIn(file, "Reporting")),
            Reports(), "uses the report");

    [Fact]
    public void The_command_line_knows_no_commands() =>
        AssertNone(
            FilesOf("Tessera.Cli", "*.cs").Where(file => IsIn(file, "CommandLine")), CommandsOfTheProgram(),
            "belongs to CommandLine and uses Commands");

    [Fact]
    public void The_library_names_no_kind_of_device() =>
        AssertNone(FilesOf("Tessera", "*.cs"), KindOfDevice(), "names a kind of device");

    [Fact]
    public void The_seam_takes_no_spans_of_indices_and_returns_no_numbers() =>
        AssertNone(
            FilesOf("Tessera.Tensors", "Device.cs"), SpanOrResult(), "passes values over the seam");

    /// <summary>
    /// What an update computes stays on the device. The start of a codebook and the search for dead codes read back.
    /// </summary>
    [Fact]
    public void An_update_reads_no_values_back() =>
        AssertNone(
            FilesOf("Tessera.Tensors", "*.cs").Where(file => IsIn(file, "Ops", "Optim"))
                .Concat(FilesOf("Tessera", "*.cs").Where(
                    file => IsIn(file, "Quantization") || Path.GetFileName(file) == "UpdateStep.cs"))
                .Where(file => Path.GetFileName(file) != "KMeans.cs"),
            ReadBack(), "reads values back",
            text => ReviveBody().Replace(text, ""));

    private static bool IsIn(string file, params string[] folders) => folders.Any(
        folder => Normal(file).Contains($"/{folder}/", StringComparison.Ordinal));

    private static void AssertNone(
        IEnumerable<string> files, Regex pattern, string fault, Func<string, string>? without = null)
    {
        string[] all = [.. files];
        Assert.NotEmpty(all);
        foreach (string file in all)
        {
            string text = File.ReadAllText(file);
            Match match = pattern.Match(without is null ? text : without(text));
            Assert.False(match.Success, $"{Path.GetRelativePath(Source, file)} {fault}: \"{match.Value}\".");
        }
    }

    private static IEnumerable<string> FilesOf(string project, params string[] patterns) =>
        patterns.SelectMany(
            pattern => Directory.EnumerateFiles(Path.Combine(Source, project), pattern, SearchOption.AllDirectories))
            .Where(file => !BuildOutput().IsMatch(Normal(file)));

    [GeneratedRegex(@"\bSixLabors\b")]
    private static partial Regex ImageSharp();

    [GeneratedRegex(@"\bNativeLibrary\b|\bDllImport\b|\bLibraryImport\b")]
    private static partial Regex NativeCall();

    private static string Normal(string path) => path.Replace('\\', '/');

    [GeneratedRegex("codebook|quantiz|commitment|vq", RegexOptions.IgnoreCase)]
    private static partial Regex DomainTerms();

    [GeneratedRegex(@"System\.Runtime\.Intrinsics|\bVector(64|128|256|512|<)")]
    private static partial Regex VectorTerms();

    [GeneratedRegex(@"\bunsafe\b")]
    private static partial Regex UnsafeKeyword();

    [GeneratedRegex(@"\bTessera\.Cli\.Commands\b")]
    private static partial Regex CommandsOfTheProgram();

    [GeneratedRegex(@"\bTessera\.Reporting\b")]
    private static partial Regex Reports();

    [GeneratedRegex(@"\bMpi|\bMPI_")]
    private static partial Regex KindOfCollective();

    [GeneratedRegex(@"\b(Cpu|Cuda|Metal)Device\b")]
    private static partial Regex KindOfDevice();

    [GeneratedRegex(
        @"Span<int>|^\s*(public|protected|internal)[\w ]* (double|float|int)(\[\])? \w+\(", RegexOptions.Multiline)]
    private static partial Regex SpanOrResult();

    // The sizes of a shape are known to the host.
    [GeneratedRegex(@"(?<!\bshape|\.Shape)\.ToArray\(|\.Item\(|\.CopyTo\(|\bDownload\(")]
    private static partial Regex ReadBack();

    [GeneratedRegex(@"\b(int Revive|RareCodes)\(.*?^    }", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex ReviveBody();

    [GeneratedRegex(@"\bTensor\b")]
    private static partial Regex TensorType();

    // Without those of static members and other names, which come last.
    [GeneratedRegex(@"^using ([\w.]+);")]
    private static partial Regex PlainUsing();

    [GeneratedRegex("/(bin|obj)/")]
    private static partial Regex BuildOutput();
}
