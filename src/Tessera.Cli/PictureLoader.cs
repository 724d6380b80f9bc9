using System.CommandLine;
using Tessera.Data;
using Tessera.Imaging;
using Tessera.Training;

namespace Tessera.Cli;

/// <summary>Finds and loads the pictures that the options name, and shows how far it is.</summary>
/// <param name="display">Where to show it.</param>
/// <param name="skipsDamaged">Whether pictures that cannot be read are left out; else they are an error.</param>
/// <param name="cancellation">Stops it.</param>
internal sealed class PictureLoader(Display display, bool skipsDamaged, CancellationToken cancellation)
{
    private readonly List<string> _skipped = [];
    private string? _leftAlone;

    /// <summary>The names of the pictures that are left out: those to begin with, and damaged ones.</summary>
    public IReadOnlyList<string> Skipped
    {
        get => _skipped;
        init => _skipped = [.. value];
    }

    /// <summary>What <c>--data</c> names: a built-in name as it is, a folder by its full path.</summary>
    public static string Name(string data) => data is Shapes.Name or Cifar10.Name ? data : Path.GetFullPath(data);

    /// <summary>Picture files in place of --data.</summary>
    public static Argument<string[]> FilesArgument() => new("IMAGE")
    {
        Description = "Picture files of any size, scaled and centre-cropped to --size [default: pictures of --data].",
        Arity = ArgumentArity.ZeroOrMore,
    };

    /// <summary>Loads a split. CIFAR-10 is downloaded if it is nowhere.</summary>
    /// <exception cref="InputException">The pictures are not there, damaged, or of no use.</exception>
    public ImageSet Load(TrainingOptions options, Split split)
    {
        string verb = options.Data == Shapes.Name ? "making" : "reading";
        PictureSource source = Open(options, split, options.Size);
        ImageSet pictures = Skipping(ref source, found => display.WithBar(bar => found.Load(Counter(bar, verb), cancellation)));
        // Not every source looks at it, and nothing is begun yet.
        cancellation.ThrowIfCancellationRequested();
        return pictures;
    }

    /// <summary>Finds a split, whose pictures are read when they are asked for. CIFAR-10 is downloaded if it is nowhere.</summary>
    /// <exception cref="InputException">The pictures are not there, damaged, or of no use.</exception>
    public PictureSource Open(TrainingOptions options, Split split, PictureSize size)
    {
        Prepare(options);
        PictureSource source = display.WithBar(bar =>
        {
            bar.Report(new BarState(null, "looking for pictures ..."));
            return DataSource.Open(options.Data, options.DataDir, split, size, options.Model.Channels, cancellation);
        });
        if (source.LeftAlone is { } note && note != _leftAlone) display.Line($"{options.Data}: {note}");
        _leftAlone = source.LeftAlone;
        return source.Without(_skipped);
    }

    /// <summary>The first pictures of a source.</summary>
    /// <exception cref="DamagedPicturesException">Some cannot be read and are not to be skipped.</exception>
    public byte[][] ReadFirst(PictureSource source, int count) =>
        Skipping(ref source, found => found.Read(0, Math.Min(count, found.Count), cancellation: cancellation));

    /// <summary>A source whose pictures can all be read: without the damaged ones if they are to be skipped.</summary>
    public PictureSource Usable(PictureSource source)
    {
        if (skipsDamaged)
        {
            Skipping(ref source, found => display.WithBar(bar =>
            {
                found.Check(Counter(bar, "checking"), cancellation);
                return true;
            }));
        }
        return source;
    }

    // Once they are left out, others may come in that are damaged too.
    private T Skipping<T>(ref PictureSource source, Func<PictureSource, T> work)
    {
        while (true)
        {
            try
            {
                return work(source);
            }
            catch (DamagedPicturesException e) when (skipsDamaged)
            {
                display.Line($"{source.Name}: {e.Names.Count} of {source.Count} pictures cannot be read and are left out");
                _skipped.AddRange(e.Names);
                source = source.Without(e.Names);
            }
        }
    }

    private static Reporter<int> Counter(IProgress<BarState> bar, string verb) =>
        new(count => bar.Report(new BarState(null, $"{verb} pictures: {count}")));

    private void Prepare(TrainingOptions options)
    {
        // With another size it is going to be refused: nothing need be downloaded for that.
        if (options.Data == Cifar10.Name && options.Size == Cifar10.Size) FindCifar10(options.DataDir);
        if (options.Data is not (Cifar10.Name or Shapes.Name) && !Directory.Exists(options.Data))
            throw new InputException(
                $"--data {options.Data}: there is no such folder; give {Shapes.Name}, {Cifar10.Name} or a folder of pictures");
    }

    /// <summary>The folder that holds CIFAR-10: found, or downloaded to the first of the places.</summary>
    /// <exception cref="InputException">It is nowhere and cannot be downloaded.</exception>
    public string FindCifar10(string? dataDir)
    {
        DataSearch search = Cifar10.Find(dataDir);
        if (search.Folder is { } folder) return folder;
        string target = search.Places[0];
        display.Line($"CIFAR-10 is not in {string.Join(" or ", search.Places)}; downloading it to {target}");
        string batches = display.WithBar(bar =>
            CifarDownload.RunAsync(target, progress: Download(bar), cancellation: cancellation).GetAwaiter().GetResult());
        display.Line($"its MD5 is right; unpacked to {batches}");
        return target;
    }

    private Reporter<DownloadProgress> Download(IProgress<BarState> bar)
    {
        const double Megabyte = 1e6;
        int lastTenth = -1;
        return new Reporter<DownloadProgress>(progress =>
        {
            double? fraction = (double)progress.Received / progress.Total;
            int tenth = (int)((fraction ?? 0) * 10);
            string of = progress.Total is { } total ? $" of {total / Megabyte:0}" : "";
            string text = $"{progress.Received / Megabyte:0}{of} MB";
            bar.Report(new BarState(fraction, text));
            if (display.IsTerminal || tenth == lastTenth) return;
            lastTenth = tenth;
            display.Line(text);
        });
    }
}
