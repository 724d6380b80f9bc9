using Tessera.Tensors.IO;

namespace Tessera.Tensors.Tests.IO;

public class PrintableTests
{
    [Fact]
    public void Control_characters_are_shown_by_their_codes() =>
        Assert.Equal(@"a\u001b[31m\u000ab\u2028", Printable.OneLine("a\u001b[31m\nb\u2028"));

    [Fact]
    public void Long_text_is_shortened()
    {
        Assert.Equal("'short'", Printable.Quote("short"));
        Assert.Equal($"'{new string('x', 100)}...'", Printable.Quote(new string('x', 101)));
    }
}
