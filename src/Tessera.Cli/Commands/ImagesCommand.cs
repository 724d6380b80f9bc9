using System.CommandLine;
using Tessera.Cli.CommandLine;
using Tessera.Data;
using Tessera.Data.Stores;
using Tessera.Imaging;
using Tessera.Training;

namespace Tessera.Cli.Commands;

/// <summary>
/// The base of commands that apply a trained model to image files, to a folder of images, or to those of <c>--data</c>.
/// </summary>
internal abstract class ImagesCommand : TrainedModelCommand
{
    private readonly Argument<string[]> _images;

    /// <summary>Creates a command with a default split.</summary>
    /// <param name="invocation">The streams and the cancellation.</param>
    /// <param name="name">The name that the user types.</param>
    /// <param name="description">The description in the help.</param>
    /// <param name="usualSplit">The split of <c>--data</c> without <c>--split</c>.</param>
    /// <param name="allowsNative">Whether <c>--size native</c> is allowed.</param>
    /// <param name="size">What images are scaled to, in the help.</param>
    /// <param name="examples">Example command lines for the help.</param>
    protected ImagesCommand(
        Invocation invocation, string name, string description, Split usualSplit, bool allowsNative, string size,
        params string[] examples)
        : base(invocation, name, description, usualSplit, allowsNative, examples)
    {
        _images = new Argument<string[]>("IMAGE")
        {
            Description = $"Image files of any size, or one folder or .tpk of them, scaled and centre-cropped to {size} "
                + "[default: those of --data].",
            Arity = ArgumentArity.ZeroOrMore,
        };
        Arguments.Add(_images);
    }

    /// <summary>The image files that the user named; empty if a folder or <c>--data</c> names the images.</summary>
    protected string[] Files(ParseResult parse) =>
        NamedFolder(parse) is null ? parse.GetValue(_images) ?? [] : [];

    protected sealed override string? NamedFolder(ParseResult parse) =>
        parse.GetValue(_images) is [var only] && (Directory.Exists(only) || ImageStore.IsStore(only)) ? only : null;

    protected sealed override bool ShowsOwnImages(ParseResult parse, TrainedModel trained) =>
        Files(parse).Length == 0 && base.ShowsOwnImages(parse, trained);

    /// <summary>Opens the images that the user named; if he named none, those of the model's run.</summary>
    /// <param name="parse">The command line.</param>
    /// <param name="trained">The model.</param>
    /// <param name="loader">Finds the images.</param>
    /// <param name="usual">The size without <c>--size</c>; null for that of the model's run.</param>
    protected ImageSource OpenImages(
        ParseResult parse, TrainedModel trained, ImageLoader loader, ImageSize? usual = null)
    {
        var option = (Option<ImageSize?>)Options.Single(known => known.Name == Settings.SizeName);
        ImageSize? size = parse.GetValue(option) is { IsNative: true }
            ? ImageSize.NativeIn(trained.Model.Options.PixelsPerCode)
            : parse.GetValue(option) ?? usual;
        string[] files = Files(parse);
        if (HasData(parse) && (files.Length > 0 || NamedFolder(parse) is not null))
            throw new InputException("images and --data are both given; give one of them");
        if (files.Length == 0)
        {
            TrainingOptions forData = OptionsForData(parse, trained);
            return loader.Open(forData, SplitOf(parse), size ?? forData.Size);
        }
        if (files.FirstOrDefault(Directory.Exists) is { } folder)
            throw new InputException($"{folder} is a folder; name it alone");
        TrainingOptions options = OptionsFor(parse, trained);
        return ImageSource.FromFiles(files, size ?? options.Size, options.Model.Channels);
    }
}
