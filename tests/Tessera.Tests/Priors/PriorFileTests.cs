using Tessera.Models;
using Tessera.Priors;
using Tessera.Tensors.IO;

namespace Tessera.Tests.Priors;

public sealed class PriorFileTests : IDisposable
{
    private const string Hash = "0123456789abcdef", OptionsKey = "tessera.prior", HashKey = "tessera.tokenizer_sha256";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_prior_is_read_back_with_its_options_and_the_hash()
    {
        CodePriorOptions options = SmallPrior.Options with { Dropout = 0.25f, Classes = ["a b", "ü"] };
        using CodePrior prior = SmallPrior.Create(options);
        (CodePrior read, string hash) = PriorFile.Read(Write(prior));
        using (read)
        {
            Assert.Equal(options, read.Options);
            Assert.Equal(Hash, hash);
            Assert.Equal(
                prior.State().Select(entry => (entry.Name, entry.Tensor.ToArray())),
                read.State().Select(entry => (entry.Name, entry.Tensor.ToArray())));
            int[] inputs = SmallPrior.Inputs(options, batch: 2);
            Assert.Equal(SmallPrior.Logits(prior, inputs), SmallPrior.Logits(read, inputs));
        }
    }

    [Fact]
    public void A_damaged_file_is_refused_in_one_line() =>
        Damage.IsSurvived<InputException>(File.ReadAllBytes(Write()), "damaged", file =>
        {
            File.WriteAllBytes(_folder["damaged"], file);
            PriorFile.Read(_folder["damaged"]).Prior.Dispose();
        });

    [Fact]
    public void A_missing_file_is_named() =>
        Assert.Contains("none.safetensors", Refused(_folder["none.safetensors"]), StringComparison.Ordinal);

    [Fact]
    public void A_tokenizer_is_no_prior()
    {
        using VqVae model = SmallPrior.Tokenizer();
        ModelFile.Write(_folder["model.safetensors"], model, dataVariance: null);
        Assert.Contains("holds no prior", Refused(_folder["model.safetensors"]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "", "its metadata describe no prior")]
    [InlineData("", "null", "it is empty")]
    [InlineData("", "{}", "Codes must be 2")]
    [InlineData("\"codes\": 5", "\"codes\": 1", "Codes must be 2")]
    [InlineData("\"width\": 16", "\"width\": 15", "Heads must divide the width")]
    [InlineData("\"width\"", "\"breadth\"", "breadth")]
    [InlineData("\"cat\"", "null", "Classes must be names")]
    [InlineData("\"codes\": 5", "\"codes\": 1000000000", "Codes must be 2")]
    [InlineData("\"codes\": 5", "\"codes\": 1048576", "has the shape")]
    [InlineData("\"layers\": 2", "\"layers\": 64", "is missing")]
    [InlineData("\"rows\": 2", "\"rows\": 3", "has the shape")]
    public void Wrong_metadata_are_refused(string part, string change, string expected)
    {
        string own = SafeTensors.Read(Write()).Metadata[OptionsKey];
        Assert.Contains(part, own, StringComparison.Ordinal);
        string json = part.Length == 0 ? change : own.Replace(part, change, StringComparison.Ordinal);
        string path = Rewritten(tensors => tensors, new() { [OptionsKey] = json, [HashKey] = Hash });
        string message = Refused(path);
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.Contains(path, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Theory]
    [InlineData(OptionsKey)]
    [InlineData(HashKey)]
    public void Missing_metadata_are_named(string key)
    {
        TensorFile file = SafeTensors.Read(Write());
        Dictionary<string, string> metadata = file.Metadata.Where(entry => entry.Key != key).ToDictionary();
        Assert.Contains(key, Refused(Rewritten(tensors => tensors, metadata)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("inputs.weight")]
    [InlineData("blocks.1.up.bias")]
    [InlineData("head.weight")]
    public void A_missing_or_misshapen_tensor_is_named(string name)
    {
        Assert.Contains(
            $"the tensor {name} is missing",
            Refused(Rewritten(tensors => tensors.Where(tensor => tensor.Name != name))), StringComparison.Ordinal);
        Assert.Contains(
            $"the tensor {name} has the shape [3]",
            Refused(Rewritten(tensors => tensors.Select(
                tensor => tensor.Name == name ? new TensorEntry(name, [3], new float[3]) : tensor))),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    public void A_value_that_is_not_finite_is_refused(float value) => Assert.Contains(
        "the tensor norm.bias holds values that are not finite",
        Refused(Rewritten(tensors => tensors.Select(tensor => tensor.Name == "norm.bias"
            ? tensor with { Values = (float[])[.. tensor.Values.ToArray()[..^1], value] }
            : tensor))),
        StringComparison.Ordinal);

    [Fact]
    public void A_surplus_tensor_is_named() => Assert.Contains(
        "the model has no tensor odd",
        Refused(Rewritten(tensors => tensors.Append(new TensorEntry("odd", [1], new float[1])))),
        StringComparison.Ordinal);

    /// <summary>The hash of the three letters of FIPS 180-2, appendix B.1.</summary>
    [Fact]
    public void The_hash_is_SHA_256_in_lower_case()
    {
        Assert.Equal(
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            PriorFile.HashOf(_folder.Write("abc", "abc"u8.ToArray())));
        Assert.Contains(
            "none", Assert.Throws<InputException>(() => PriorFile.HashOf(_folder["none"])).Message,
            StringComparison.Ordinal);
    }

    private static string Refused(string path) =>
        Assert.Throws<InputException>(() => PriorFile.Read(path)).Message;

    private string Write(CodePrior? prior = null)
    {
        using CodePrior own = prior is null ? SmallPrior.Create() : SmallPrior.Create(prior.Options);
        using FileStream stream = File.Create(_folder["prior.safetensors"]);
        PriorFile.Write(stream, prior ?? own, Hash);
        return _folder["prior.safetensors"];
    }

    private string Rewritten(
        Func<IEnumerable<TensorEntry>, IEnumerable<TensorEntry>> change, Dictionary<string, string>? metadata = null)
    {
        TensorFile file = SafeTensors.Read(Write());
        using FileStream stream = File.Create(_folder["changed.safetensors"]);
        SafeTensors.Write(stream, [.. change(file.Tensors)], metadata ?? file.Metadata.ToDictionary());
        return _folder["changed.safetensors"];
    }
}
