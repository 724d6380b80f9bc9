using System.CommandLine;
using Tessera.Cli.CommandLine;
using Tessera.Data;
using Tessera.Data.Stores;
using Tessera.Tensors.IO;

namespace Tessera.Cli.Commands;

/// <summary><c>tessera data info</c>: what a store holds.</summary>
internal sealed class DataInfoCommand : TesseraCommand
{
    private const int ListedClasses = 20, ListedLeftOut = 10;

    private readonly Argument<string> _file = new("FILE") { Description = "A file of tessera data pack." };

    private readonly Option<bool> _verify = NewOption.Flag(
        "--verify", "Reads all of the file and compares it with its checksums.");

    public DataInfoCommand(Invocation invocation) : base(
        invocation, "info", "Shows what a file of packed images holds.",
        "tessera data info images.tpk", "tessera data info images.tpk --verify")
    {
        Arguments.Add(_file);
        Options.Add(_verify);
    }

    protected override void Run(ParseResult parse)
    {
        using ImageStore store = ImageStore.Open(parse.GetValue(_file)!);
        if (parse.GetValue(_verify))
            Invocation.Output.WithBar(bar =>
            {
                store.Verify(
                    new ImmediateProgress<int>(done => bar.Report(new BarState(
                        (double)done / store.Count, $"comparing images: {done} of {store.Count}"))),
                    Invocation.Cancellation);
                return true;
            });
        Invocation.Output.Table(
            [.. Rows(store), .. parse.GetValue(_verify) ? (string[][])[["checksums", "right"]] : []]);
    }

    /// <summary>What a store holds, as a table.</summary>
    internal static string[][] Rows(ImageStore store)
    {
        int train = store.CountOf(Split.Train), test = store.CountOf(Split.Test), others = store.Count - train - test;
        string more = store.ClassNames.Count > ListedClasses ? ", ..." : "";
        return
        [
            ["file", $"{store.Path}, {ByteCounts.Format(store.Length)}"],
            ["images", $"{store.Count}: {train} to train on, {test} to test on"
                + (others > 0 ? $", {others} in neither split" : "")],
            ["size", $"{store.Size.Height}x{store.Size.Width}x{store.Channels}"],
            ["classes", $"{store.ClassNames.Count}: "
                + Printable.OneLine(string.Join(", ", store.ClassNames.Take(ListedClasses))) + more],
            .. store.LeftOut.Take(ListedLeftOut).Select(
                image => (string[])["left out", Printable.OneLine(image.Reason)]),
            .. store.LeftOut.Count > ListedLeftOut
                ? (string[][])[["left out", $"... and {store.LeftOut.Count - ListedLeftOut} more"]] : [],
            ["packed", store.IsComplete ? "completely" : "not to the end: pack the same images again to add the rest"],
        ];
    }
}
