using Tessera.Imaging;
using Tessera.Models;
using Tessera.Priors;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;
using Tessera.Tokens;

namespace Tessera.Cuda.Tests;

/// <summary>Work that is recorded and replayed: it has the bits of plain launches, and its memory is its own.</summary>
public class ReplayTests
{
    private static readonly VqVaeOptions Small = new()
    {
        Hidden = 4,
        ResidualHidden = 2,
        ResidualLayers = 1,
        Codes = 6,
        CodeDim = 4,
    };

    [Fact]
    public void Images_are_encoded_and_decoded_by_replays()
    {
        (string plain, string replayed) = (Tokens(records: false), Tokens(records: true));
        Assert.Equal(plain, replayed);
        Assert.True(plain.Split('/').Distinct().Count() > 2, "all images have the same codes");

        static string Tokens(bool records)
        {
            using CudaDevice device = Simulation.Recording(records);
            using var model = new VqVae(Small, seed: 1, device);
            Spread(model);
            var tokenizer = new Tokenizer(model);
            var found = new List<string>();
            for (byte number = 1; number <= 3; number++)
            {
                int[] codes = tokenizer.Encode(ImageOf(number, width: 8));
                found.Add($"{string.Join(' ', codes)}: {string.Join(' ', tokenizer.Decode(codes, 1, 2).Pixels)}");
            }
            Assert.Equal(records ? 2 : 0, device.Graphs);
            // Another shape takes the place of the last one.
            found.Add(string.Join(' ', tokenizer.Encode(ImageOf(1, width: 4))));
            Assert.Equal(records ? 1 : 0, device.Graphs);
            tokenizer.Dispose();
            Assert.Equal(0, device.Graphs);
            return string.Join('/', found);
        }
    }

    [Fact]
    public void Samples_are_drawn_by_a_replay_for_each_position()
    {
        Assert.Equal(Samples(records: false), Samples(records: true));

        static int[] Samples(bool records)
        {
            var options = new CodePriorOptions { Codes = 5, Rows = 1, Columns = 2, Width = 8, Layers = 1, Heads = 1 };
            using CudaDevice device = Simulation.Recording(records);
            using var prior = new CodePrior(options, seed: 1, device);
            Spread(prior);
            var sampler = new CodeSampler(prior);
            CancellationToken stop = TestContext.Current.CancellationToken;
            int[] found =
            [
                .. Enumerable.Range(0, 3).SelectMany(seed => sampler.Sample(
                    new int?[2], new SamplingOptions { Seed = (ulong)seed }, cancellation: stop)),
            ];
            Assert.Equal(records ? 2 : 0, device.Graphs);
            sampler.Dispose();
            Assert.Equal(0, device.Graphs);
            return found;
        }
    }

    [Fact]
    public void What_a_replay_writes_is_nobody_elses()
    {
        using CudaDevice device = Simulation.Recording(records: true);
        using Tensor x = Tensor.From([1, -2, 3], [3], device), y = Tensor.Zeros([3], device);
        using Tape inner = new(device, recording: false), other = new(device, recording: false);
        Action work = () =>
        {
            y.CopyFrom(x.On(inner).Scale(2).Relu());
            inner.Reset();
        };
        for (int run = 0; run < 2; run++) device.Submit(work);
        Tensor[] others = [.. Enumerable.Range(0, 4).Select(i => other.Input([i, i, i], [3]))];
        x.CopyFrom([4, 5, 6]);
        device.Submit(work);
        Assert.Equal([8, 10, 12], y.ToArray());
        for (int i = 0; i < others.Length; i++) Assert.Equal([i, i, i], others[i].ToArray());

        device.Forget(work);
        device.Forget(work);
        Assert.Equal(0, device.Graphs);
        device.Submit(work);
        device.Submit(work);
        Assert.Equal(1, device.Graphs);
        device.Trim();
        Assert.Equal(0, device.Graphs);
        device.Submit(work);
        Assert.Equal([8, 10, 12], y.ToArray());
    }

    [Fact]
    public void Recorded_work_must_not_touch_host_memory_and_others_wait()
    {
        using CudaDevice device = Simulation.Recording(records: true);
        using Tensor x = Tensor.Zeros([3], device), y = Tensor.Zeros([3], device);
        bool uploads = false;
        Thread? thread = null;
        Action work = () =>
        {
            x.Fill(1);
            // Another thread uploads while this one records.
            if (thread is null) return;
            thread.Start();
            if (uploads) x.CopyFrom([1, 2, 3]);
        };
        device.Submit(work);
        thread = new Thread(() => y.CopyFrom([4, 5, 6]));
        device.Submit(work);
        thread.Join();
        Assert.Equal([4, 5, 6], y.ToArray());

        uploads = true;
        device.Forget(work);
        thread = null;
        device.Submit(work);
        thread = new Thread(() => y.CopyFrom([7, 8, 9]));
        Assert.Throws<InvalidOperationException>(() => device.Submit(work));
        thread.Join();
        Assert.Equal([7, 8, 9], y.ToArray());
    }

    /// <summary>Weights so large that results differ clearly.</summary>
    private static void Spread(Module model)
    {
        foreach ((string _, Tensor tensor) in model.State())
            tensor.CopyFrom(Numbers.Normal(tensor.Shape.Length, (ulong)tensor.Shape.Length));
    }

    private static Image ImageOf(byte number, int width)
    {
        Image image = Image.Black(width, 4, 3);
        for (int i = 0; i < image.Pixels.Length; i++) image.Pixels[i] = (byte)(i * 37 * number);
        return image;
    }
}
