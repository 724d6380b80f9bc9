using System.CommandLine;
using Tessera.Cli.CommandLine;
using Tessera.Files;
using Tessera.Imaging;
using Tessera.Tensors.Devices;
using Tessera.Tokens;
using Tessera.Training;

namespace Tessera.Cli.Commands;

/// <summary><c>tessera decode</c>: turns a file of codes into images.</summary>
internal sealed class DecodeCommand : TesseraCommand
{
    private const int GridColumns = 8, GridPadding = 2;

    private readonly ModelSource _model = new();
    private readonly Argument<string> _tokens = new("TOKENS")
    {
        Description = "A .npy file of integer codes, [images, rows, columns] or [rows, columns] for one image, with "
            + "the codes of a cell innermost if it has several; "
            + "or a .npz file with such an array named codes, or with one array only.",
    };
    private readonly Option<int?> _depth = NewOption.FirstLevels("Decodes");
    private readonly Option<string?> _out = NewOption.Text(
        "--out", "DIR|FILE.png",
        "A new folder for the images, named 0.png and so on; or a .png file for one grid of all images, "
            + "which overwrites an existing file [default: decoded].");
    private readonly SettingGroup<TrainingOptions> _settings = Settings.ForComputing();

    public DecodeCommand(Invocation invocation) : base(
        invocation, "decode",
        "Turns a file of codes into images: PNG files in a folder, or one PNG with a grid of all.",
        "tessera decode runs/shapes-1 tokens.npy --out images",
        "tessera decode runs/shapes-1 sampled.npy --out grid.png",
        "tessera decode runs/residual tokens.npy --depth 1 --out coarse.png")
    {
        _model.AddTo(this);
        Arguments.Add(_tokens);
        Options.Add(_depth);
        Options.Add(_out);
        _settings.AddTo(this);
    }

    protected override void Run(ParseResult parse)
    {
        TrainingOptions given = _settings.Apply(parse, new TrainingOptions());
        string path = parse.GetValue(_out) ?? "decoded";
        bool isGrid = Path.GetExtension(path).Equals(".png", StringComparison.OrdinalIgnoreCase);
        if (isGrid) OutputFile.Checked($"--out {path}", path, "images", ".png");
        else CheckNew(path);
        using Device device = CreateDevice(given);
        using TrainedModel trained = _model.Open(parse, Invocation.Error, device);
        using TokenReader tokens = TokenReader.Open(
            parse.GetRequiredValue(_tokens), trained.Model.Options.Codes, CellsPerImage(trained),
            trained.Model.Options.Cell.Codes);
        if (isGrid) CheckGrid(tokens, trained);

        using var tokenizer = new Tokenizer(trained.Model) { Depth = parse.GetValue(_depth) };
        Invocation.Error.WithBar(bar =>
        {
            IEnumerable<Image> images = Counted(tokenizer.Decode(tokens, Invocation.Cancellation), tokens, bar);
            if (isGrid) ImageFile.WritePng(path, ImageGrid.Make([.. images], GridColumns, GridPadding));
            else ImageFile.WritePngFolder(path, tokens.Count, images);
            return 0;
        });
        int cell = trained.Model.Options.PixelsPerCode;
        ImageSize size = new(tokens.Rows * cell, tokens.Columns * cell);
        Invocation.Output.Line($"{path}: {tokens.Count} {(tokens.Count == 1 ? "image" : "images")} of {size}");
    }

    private static int? CellsPerImage(TrainedModel trained) => trained.Options is { Size: var size }
        ? size.Height / trained.Model.Options.PixelsPerCode * (size.Width / trained.Model.Options.PixelsPerCode)
        : null;

    private static void CheckNew(string path) => AtomicFolder.CheckReplaceable(
        path, "images",
        _ => throw new InputException($"--out {path} exists already; name a new folder for the images"));

    private static void CheckGrid(TokenReader tokens, TrainedModel trained)
    {
        int cell = trained.Model.Options.PixelsPerCode;
        GridLimit.Check(
            tokens.Count, new ImageSize(tokens.Rows * cell, tokens.Columns * cell), trained.Model.Options.Channels,
            GridColumns, GridPadding, "name a folder with --out");
    }

    private static IEnumerable<Image> Counted(IEnumerable<Image> images, TokenReader tokens, ProgressBar bar)
    {
        int done = 0;
        foreach (Image image in images)
        {
            yield return image;
            bar.Report(new BarState((double)++done / tokens.Count, $"{done} of {tokens.Count} images"));
        }
    }
}
