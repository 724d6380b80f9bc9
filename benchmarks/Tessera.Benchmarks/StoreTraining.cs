using System.Diagnostics;
using System.Globalization;
using Tessera.Data;
using Tessera.Data.Stores;
using Tessera.Runs;
using Tessera.Training;

namespace Tessera.Benchmarks;

/// <summary>
/// Trains the default preset for some seconds on generated images, in a store or in memory, and prints images a second
/// and the memory of the process. benchmarks/store.sh runs it in turns.
/// </summary>
internal static class StoreTraining
{
    // Images in memory are of use for their speed alone.
    private const int Scenes = 1000, MostInMemory = 50_000, TestImages = 100, WarmUp = 30, Batch = 32;

    /// <summary>Packs or trains, as the arguments say.</summary>
    public static int Run(string[] arguments)
    {
        switch (arguments)
        {
            case ["pack", var path, var count, var size]:
                Pack(path, Number(count), Number(size));
                return 0;
            case ["train", var path, "store" or "memory", var updates]:
                Train(path, arguments[2] == "memory", Number(updates));
                return 0;
            default:
                Console.Error.WriteLine("""
                    usage: Tessera.Benchmarks store pack FILE.tpk COUNT SIZE
                           Tessera.Benchmarks store train FILE.tpk store|memory UPDATES
                    """);
                return 2;
        }
    }

    /// <summary>Packs images that all differ: a thousand scenes, each with its own shift of brightness.</summary>
    private static void Pack(string path, int count, int size)
    {
        byte[][] scenes = new byte[Scenes][];
        Parallel.For(0, Scenes, i => scenes[i] = SyntheticShapes.Image(i, size).Pixels);
        Time("pack", count, () =>
        {
            Add(Split.Test, 0, TestImages);
            Add(Split.Train, TestImages, count);
        });

        void Add(Split split, int first, int end) => ImagePacker.Pack(
            new ImageSource(
                "generated", size, 3, [.. Enumerable.Range(first, end - first).Select(i => i % 10)],
                [.. Enumerable.Range(0, 10).Select(i => $"{i}")], i => Shifted(scenes[i % Scenes], first + i),
                new Numbered(first, end - first)),
            split, path);
    }

    private static byte[] Shifted(byte[] scene, int number)
    {
        byte[] image = new byte[scene.Length];
        byte shift = (byte)(number / Scenes % 64);
        for (int i = 0; i < image.Length; i++) image[i] = (byte)(scene[i] * 3 / 4 + shift);
        return image;
    }

    private static void Train(string path, bool inMemory, int updates)
    {
        string folder = Directory.CreateTempSubdirectory("tessera-store").FullName;
        try
        {
            var clock = Stopwatch.StartNew();
            using ImageStore store = ImageStore.Open(path);
            ImageSet test = store.Images(Split.Test).Load();
            ImageSet train = store.Images(Split.Train).Load();
            if (inMemory) train = Copy(train);
            TrainingOptions options = Preset.Default.Options with
            {
                Size = store.Size,
                Batch = Batch,
                Budget = TrainingBudget.OfUpdates(WarmUp + updates),
                EvalEvery = int.MaxValue,
                CheckpointEvery = int.MaxValue,
            };
            using var learner = new TokenizerLearner(
                TokenizerRun.Create(Path.Combine(folder, "run"), options), train, test);
            using var trainer = new Trainer(learner);
            var rate = new Rate();
            double start = clock.Elapsed.TotalSeconds;
            trainer.Run(rate);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{(inMemory ? "memory" : "store"),-6}  {train.Count} images of {store.Size}  "
                + $"{Batch * updates / rate.Seconds:0} images/s  {start:0.0} s until the first update  "
                + $"{Status("VmHWM")} at most, {Status("VmRSS")} at the end"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static ImageSet Copy(ImageSet set)
    {
        int[] numbers = [.. Enumerable.Range(0, Math.Min(set.Count, MostInMemory))];
        return new ImageSet(
            "memory", set.Width, set.Height, set.Channels, [.. numbers.Select(i => set.Pixels(i).ToArray())],
            [.. numbers.Select(set.Label)], set.ClassNames);
    }

    private static string Status(string name) => File.ReadLines("/proc/self/status")
        .First(line => line.StartsWith(name, StringComparison.Ordinal))[(name.Length + 1)..].Trim();

    private static void Time(string what, int count, Action work)
    {
        var clock = Stopwatch.StartNew();
        work();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{what}  {count} images  {count / clock.Elapsed.TotalSeconds:0} images/s  {Status("VmHWM")} at most"));
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    /// <summary>The seconds that the updates after the first ones took.</summary>
    private sealed class Rate : IProgress<RunProgress>
    {
        private readonly Stopwatch _clock = new();

        public double Seconds => _clock.Elapsed.TotalSeconds;

        public void Report(RunProgress value)
        {
            if (value.Update == WarmUp) _clock.Start();
            if (value.Update == value.Updates) _clock.Stop();
        }
    }

    /// <summary>Names that take no memory.</summary>
    private sealed class Numbered(int first, int count) : IReadOnlyList<string>
    {
        public int Count => count;

        public string this[int index] => (first + index).ToString(CultureInfo.InvariantCulture);

        public IEnumerator<string> GetEnumerator() => Enumerable.Range(0, count).Select(i => this[i]).GetEnumerator();

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
