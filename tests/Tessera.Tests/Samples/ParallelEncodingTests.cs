using Tessera.Data;
using Tessera.Imaging;
using Tessera.Models;
using Tessera.Quantization;
using Tessera.Samples;
using Tessera.Tensors;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Tokens;

namespace Tessera.Tests.Samples;

/// <summary>Many threads that share one model find the same codes as one thread.</summary>
public class ParallelEncodingTests
{
    private const int Threads = 8, ImagesPerThread = 4, Size = 16;

    private static readonly Image[] Images =
        [.. Enumerable.Range(0, Threads * ImagesPerThread).Select(number => SyntheticShapes.Image(number, Size))];

    public static TheoryData<string, int> Quantizers()
    {
        var cases = new TheoryData<string, int>();
        foreach (CodebookOptions options in QuantizerOptions.All.OfType<CodebookOptions>())
        {
            cases.Add(options.Kind, 0);
            cases.Add(options.Kind, 3);
        }
        return cases;
    }

    [Theory]
    [MemberData(nameof(Quantizers))]
    public void Threads_with_their_own_tensors_find_the_codes_that_one_thread_finds(string quantizer, int lookupDim)
    {
        using var device = new CpuDevice(threads: 2);
        VqVae model = StartedModel.Create(
            StartedModel.Options with { LookupDim = lookupDim, Quantizer = QuantizerOptions.Find(quantizer) },
            Images, device);
        int[][] expected = [.. Images.Select(image => Encode(model, image))];
        Assert.True(expected.SelectMany(codes => codes).Distinct().Count() > 1, "all codes are the same");

        int[][] found = new int[Images.Length][];
        Together(thread =>
        {
            for (int i = thread; i < Images.Length; i += Threads) found[i] = Encode(model, Images[i]);
        });

        Assert.Equal(expected, found);
    }

    [Fact]
    public void Threads_with_their_own_tokenizers_encode_and_decode_as_one_thread_does()
    {
        VqVae model = StartedModel.Create(StartedModel.Options, Images);
        using var alone = new Tokenizer(model);
        int[][] codes = [.. Images.Select(image => alone.Encode(image))];
        byte[][] expected = [.. codes.Select(cells => alone.Decode(cells, Size / 4, Size / 4).Pixels)];

        Assert.True(codes.SelectMany(cells => cells).Distinct().Count() > 1, "all codes are the same");

        byte[][] found = new byte[Images.Length][];
        Together(thread =>
        {
            using var tokenizer = new Tokenizer(model);
            for (int i = thread; i < Images.Length; i += Threads)
                found[i] = tokenizer.Reconstruct(Images[i]).Pixels;
        });

        Assert.Equal(expected, found);
    }

    [Fact]
    public void The_sample_finds_the_codes_that_one_thread_finds()
    {
        VqVae model = StartedModel.Create(StartedModel.Options, Images);
        using var alone = new Tokenizer(model);

        int[][] found = EncodeInParallel.Run(model, Images);

        Assert.Equal(Images.Select(image => alone.Encode(image)), found);
    }

    private static int[] Encode(VqVae model, Image image)
    {
        using Tensor pixels = StartedModel.ToTensor([image], model.Device);
        using Indices codes = model.Encode(pixels);
        return codes.ToArray();
    }

    /// <summary>Runs the work on threads that start at the same time, and rethrows their exceptions.</summary>
    private static void Together(Action<int> work)
    {
        using var start = new Barrier(Threads);
        Task.WaitAll([.. Enumerable.Range(0, Threads).Select(thread => Task.Factory.StartNew(
            () =>
            {
                start.SignalAndWait();
                work(thread);
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))]);
    }
}
