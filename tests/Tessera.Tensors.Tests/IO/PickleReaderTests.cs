using Tessera.Tensors.IO.Pickle;

namespace Tessera.Tensors.Tests.IO;

public class PickleReaderTests
{
    // pickle.dumps({"text": "naïve", "number": 3, "options": argparse.Namespace(lr=0.1)}, protocol=2)
    private static readonly byte[] Pickle = Convert.FromHexString(
        "80027D710028580400000074657874710158060000006E61C3AF7665710258060000006E756D6265"
        + "7271034B0358070000006F7074696F6E7371046361726770617273650A4E616D6573706163650A71"
        + "05298171067D710758020000006C727108473FB999999999999A7362752E");

    [Fact]
    public void A_dict_is_read_and_an_object_of_an_unknown_class_skipped()
    {
        var read = Assert.IsType<PickledDict>(new PickleReader(Pickle, new Vocabulary("argparse.Namespace")).Read());
        Assert.Equal(["text", "number", "options"], read.Items.Select(item => item.Key));
        Assert.True(read.TryGet("text", out PickledString? text));
        Assert.Equal("naïve", text.ToText());
        Assert.Equal(3L, read.Items.Single(item => item.Key == "number").Value);
        Assert.True(read.TryGet("options", out PickledUnknown? options));
        Assert.Equal("argparse.Namespace", options.Name);
    }

    [Fact]
    public void A_name_that_the_vocabulary_does_not_know_is_refused()
    {
        InvalidDataException e = Assert.Throws<InvalidDataException>(
            () => new PickleReader(Pickle, new Vocabulary("argparse.Other")).Read());
        Assert.Contains("argparse.Namespace", e.Message, StringComparison.Ordinal);
    }

    /// <summary>Knows one class, whose objects it skips.</summary>
    private sealed class Vocabulary(string known) : PickleVocabulary
    {
        public override object? Find(string module, string name) =>
            $"{module}.{name}" == known ? new PickledUnknown(known) : null;

        public override object Call(object? callable, object?[] arguments) =>
            callable as PickledUnknown ?? throw new InvalidDataException("it calls something else");

        public override void SetState(object? target, object? state) => Assert.IsType<PickledUnknown>(target);
    }
}
