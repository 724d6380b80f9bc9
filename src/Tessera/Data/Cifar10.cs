namespace Tessera.Data;

/// <summary>
/// CIFAR-10 (Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009): 50,000 training and 10,000
/// test images, 32x32 RGB, of ten classes; see https://www.cs.toronto.edu/~kriz/cifar.html.
/// </summary>
public static class Cifar10
{
    /// <summary>The name of this data set in options.</summary>
    public const string Name = "cifar10";

    /// <summary>Width and height of every image in pixels.</summary>
    public const int Size = 32;

    /// <summary>Red, green, blue.</summary>
    public const int Channels = 3;

    private const int ImagesPerBatch = 10_000;

    /// <summary>Number of classes.</summary>
    public const int Classes = 10;

    /// <summary>The class names, in the order of the labels.</summary>
    public static IReadOnlyList<string> ClassNames { get; } =
        ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

    /// <summary>
    /// Loads a split from a folder that holds <c>cifar-10-batches-bin/</c>, <c>cifar-10-batches-py/</c>,
    /// <c>cifar-10-binary.tar.gz</c> or <c>cifar-10-python.tar.gz</c> (the first one found), or that is itself one of
    /// the two batch folders. Archives are read in memory. The images keep the order of the files, training batches
    /// before the test batch. Only the files of the split are parsed.
    /// </summary>
    /// <param name="folder">The folder that holds the data.</param>
    /// <param name="split">The split to load.</param>
    /// <returns>Images of 32x32x3 with labels 0 to 9.</returns>
    /// <exception cref="InputException">
    /// CIFAR-10 was not found, or a file is missing, damaged or not the original.
    /// </exception>
    public static ImageSet Load(string folder, Split split)
    {
        if (!Directory.Exists(folder))
            throw new InputException($"there is no folder {folder}; create it, or name the folder that holds CIFAR-10");
        CifarSource source = CifarSource.In(folder) ?? throw new DataSetException(
            $"{folder} holds no CIFAR-10 ({CifarSource.BinaryFolder}, {CifarSource.PythonFolder}, " +
            $"{CifarSource.BinaryArchive} or {CifarSource.PythonArchive}); " +
            "name another folder, or download CIFAR-10");
        int batches = CifarSource.BatchNames(split, pickled: false).Length;
        ImageSet? whole = null;
        var odd = new CifarBatch?[batches];
        source.Read(split, (number, batch) =>
        {
            // The originals' batches go to their place at once, so that the set is in memory only once.
            if (batch.Labels.Length != ImagesPerBatch)
            {
                odd[number] = batch;
                return;
            }
            Copy(batch, whole ??= Empty(split, batches * ImagesPerBatch), number * ImagesPerBatch);
            batch.Dispose();
        });
        return odd.All(batch => batch is null) ? whole! : Joined(split, whole, odd);
    }

    private static ImageSet Empty(Split split, int count) =>
        new(SplitNames.NameOf(Name, split), Size, Size, Channels, new int[count], ClassNames);

    private static void Copy(CifarBatch batch, ImageSet set, int first)
    {
        for (int i = 0; i < batch.Labels.Length; i++) set.Set(first + i, batch.Image(i), batch.Labels[i]);
    }

    /// <summary>The batches one after another, where some do not have the originals' length.</summary>
    private static ImageSet Joined(Split split, ImageSet? whole, CifarBatch?[] odd)
    {
        ImageSet set = Empty(split, odd.Sum(batch => batch?.Labels.Length ?? ImagesPerBatch));
        int first = 0;
        for (int number = 0; number < odd.Length; number++)
        {
            if (odd[number] is { } batch)
            {
                Copy(batch, set, first);
                first += batch.Labels.Length;
                batch.Dispose();
                continue;
            }
            for (int i = number * ImagesPerBatch; i < (number + 1) * ImagesPerBatch; i++)
                set.Set(first++, whole!.Pixels(i), whole.Label(i));
        }
        return set;
    }

    /// <summary>
    /// Looks for CIFAR-10 in <paramref name="dataDir"/>, then in the folder that the environment variable
    /// <c>TESSERA_DATA</c> names, then in the user's cache folder (<see cref="DataFolders"/>).
    /// </summary>
    /// <param name="dataDir">The folder that the user named, or null.</param>
    /// <exception cref="InputException">There is no folder to search.</exception>
    public static DataSearch Find(string? dataDir) => Find(DataFolders.List(dataDir));

    internal static DataSearch Find(IReadOnlyList<string> places) =>
        new(places.FirstOrDefault(place => CifarSource.In(place) is not null), places);
}
