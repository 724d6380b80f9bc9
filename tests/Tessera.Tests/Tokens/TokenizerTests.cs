using Tessera.Data;
using Tessera.Imaging;
using Tessera.Models;
using Tessera.Tensors;
using Tessera.Tests.Quantization;
using Tessera.Tests.Training;
using Tessera.Tokens;
using Tessera.Training;

namespace Tessera.Tests.Tokens;

public sealed class TokenizerTests : IDisposable
{
    private const int Size = 32;

    private static readonly VqVae Model = Create(channels: 3);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>70 images are a full batch and a partial one.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(70)]
    public void Encoding_then_decoding_equals_reconstruction_exactly(int count)
    {
        CancellationToken stop = TestContext.Current.CancellationToken;
        ImageSource images = SyntheticShapes.Open(Split.Train, Size, trainCount: count);
        using var tokenizer = new Tokenizer(Model);
        TokenFile.Write(_folder["tokens.npy"], count, 8, 8, Model.Options.Codes, tokenizer.Encode(images, stop));
        using TokenReader tokens = TokenReader.Open(_folder["tokens.npy"], Model.Options.Codes);
        Image[] decoded = [.. tokenizer.Decode(tokens, stop)];
        Assert.Equal(count, decoded.Length);
        for (int i = 0; i < count; i++)
        {
            float[] pixels = new float[Size * Size * 3];
            PixelValues.FromBytes(images.Read(i), pixels);
            byte[] expected = new byte[pixels.Length];
            PixelValues.ToBytes(
                Model.Forward(Tensor.From(pixels, [1, Size, Size, 3])).Reconstruction.ToArray(), expected);
            Assert.True(expected.AsSpan().SequenceEqual(decoded[i].Pixels), $"image {i} of {count} differs");
        }
    }

    /// <summary>150 images are two full batches and a partial one.</summary>
    [Fact]
    public void An_image_has_the_same_codes_anywhere_in_a_call()
    {
        const int count = 150;
        Image image = SyntheticShapes.Image(3, Size);
        using var tokenizer = new Tokenizer(Model);
        int[] alone = tokenizer.Encode(image);
        int[] all = tokenizer.Encode([.. Enumerable.Repeat(image, count)], TestContext.Current.CancellationToken);
        Assert.InRange(alone.Distinct().Count(), 4, 64);
        Assert.Equal(Enumerable.Repeat(alone, count), all.Chunk(64));
        // A smaller batch after a larger one, of a size that is not a power of two.
        Assert.Equal(
            [.. alone, .. alone, .. alone],
            tokenizer.Encode([image, image, image], TestContext.Current.CancellationToken));
        byte[] pixels = tokenizer.Decode(alone, 8, 8).Pixels;
        Image[] decoded = tokenizer.DecodeAll(all, 8, 8, TestContext.Current.CancellationToken);
        Assert.Equal(count, decoded.Length);
        Assert.All(decoded, copy => Assert.Equal(pixels, copy.Pixels));
    }

    [Fact]
    public void Sizes_may_change_from_call_to_call()
    {
        Image large = SyntheticShapes.Image(3, Size), small = SyntheticShapes.Image(4, 16);
        Image wide = ImageTransform.Fit(large, 24, 8, 3);
        using var tokenizer = new Tokenizer(Model);
        foreach (Image image in (Image[])[small, large, wide, small, large])
        {
            using var fresh = new Tokenizer(Model);
            int[] codes = tokenizer.Encode(image);
            Assert.Equal(fresh.Encode(image), codes);
            Assert.Equal(image.Height / 4 * (image.Width / 4), codes.Length);
            Image reconstruction = tokenizer.Reconstruct(image);
            Assert.Equal((image.Width, image.Height), (reconstruction.Width, reconstruction.Height));
            Assert.Equal(fresh.Decode(codes, image.Height / 4, image.Width / 4).Pixels, reconstruction.Pixels);
        }
    }

    [Fact]
    public void Calls_of_the_same_size_allocate_nothing_on_the_device()
    {
        using var device = new CountingDevice();
        using VqVae model = new(Model.Options, device: device);
        using var tokenizer = new Tokenizer(model);
        Image image = SyntheticShapes.Image(3, Size);
        tokenizer.Reconstruct(image);
        int allocations = device.Allocations;
        for (int i = 0; i < 5; i++) tokenizer.Reconstruct(image);
        Assert.Equal(allocations, device.Allocations);
    }

    [Fact]
    public void A_tokenizer_opens_a_run_a_checkpoint_or_a_model_file_and_disposes_its_model()
    {
        using (var trainer = SmallRun.Start(_folder["run"], SmallRun.Options))
            trainer.Run(cancellation: TestContext.Current.CancellationToken);
        TokenizerRun run = TokenizerRun.Open(_folder["run"]);
        ModelFile.Write(_folder["model.pt"], TrainedModel.Open(run.Path).Model, dataVariance: null);
        Image image = SmallRun.Test.Image(0);
        using var given = new Tokenizer(TrainedModel.Open(run.Path).Model);
        int[] expected = given.Encode(image);
        foreach (string path in (string[])[run.Path, run.LatestCheckpoint()!.Path, run.ModelPath, _folder["model.pt"]])
        {
            Tokenizer tokenizer = Tokenizer.Open(path);
            Assert.Equal(expected, tokenizer.Encode(image));
            tokenizer.Dispose();
            Assert.Throws<ObjectDisposedException>(() => tokenizer.Encode(image));
        }
        given.Dispose();
        Assert.NotEmpty(given.Model.State().First().Tensor.ToArray());
    }

    [Fact]
    public void Paths_without_a_model_are_refused()
    {
        Directory.CreateDirectory(_folder["empty"]);
        foreach (string path in (string[])[_folder["empty"], _folder["none"]])
        {
            InputException e = Assert.Throws<InputException>(() => Tokenizer.Open(path));
            Assert.Contains(path, e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Refused_codes_do_not_affect_later_calls()
    {
        using var tokenizer = new Tokenizer(Model);
        int[] codes = new int[4 * 64];
        byte[] pixels = tokenizer.Decode(codes.AsSpan(0, 64), 8, 8).Pixels;
        codes[^1] = Model.Options.Codes;
        Assert.Throws<ArgumentOutOfRangeException>(
            () => tokenizer.DecodeAll(codes, 8, 8, TestContext.Current.CancellationToken));
        Assert.All(
            tokenizer.DecodeAll(codes.AsSpan(0, 3 * 64), 8, 8, TestContext.Current.CancellationToken),
            image => Assert.Equal(pixels, image.Pixels));
    }

    /// <summary>The reference notebook's sizes, at which convolutions choose between algorithms.</summary>
    [Fact]
    public void A_reconstruction_does_not_depend_on_the_rest_of_the_batch()
    {
        var model = new VqVae(new VqVaeOptions(), seed: 1);
        int length = Size * Size * 3;
        float[] pixels = new float[9 * length];
        for (int i = 0; i < 9; i++)
            PixelValues.FromBytes(SyntheticShapes.Image(i, Size).Pixels, pixels.AsSpan(i * length, length));
        float[] together = Reconstruct(0, 9);
        foreach ((int first, int count) in ((int, int)[])[(0, 1), (3, 1), (1, 2), (2, 5), (3, 6)])
        {
            Assert.True(
                Reconstruct(first, count).AsSpan().SequenceEqual(together.AsSpan(first * length, count * length)),
                $"images {first} to {first + count - 1} differ from the same among nine");
        }

        float[] Reconstruct(int first, int count) => model.Forward(
            Tensor.From(pixels.AsSpan(first * length, count * length), [count, Size, Size, 3]))
            .Reconstruction.ToArray();
    }

    [Fact]
    public void Images_are_read_a_batch_ahead_and_no_further()
    {
        const int batch = 64;
        int read = 0;
        byte[] image = SyntheticShapes.Image(0, Size).Pixels;
        var endless = new ImageSource("many", Size, 3, new int[1_000_000], ["one"], _ =>
        {
            Interlocked.Increment(ref read);
            return image;
        });
        using (var tokenizer = new Tokenizer(Model))
        using (IEnumerator<int[]> codes =
            tokenizer.Encode(endless, TestContext.Current.CancellationToken).GetEnumerator())
        {
            for (int i = 0; i < 3; i++)
            {
                Assert.True(codes.MoveNext());
                Assert.Equal(batch * 64, codes.Current.Length);
            }
        }
        Assert.Equal(4 * batch, read);
    }

    [Fact]
    public void A_broken_image_stops_encoding_with_its_own_message_and_leaves_no_file()
    {
        var broken = new ImageSource("broken", Size, 3, new int[200], ["one"], i =>
            i == 150 ? throw new InputException("image 150 is broken") : new byte[Size * Size * 3]);
        using var tokenizer = new Tokenizer(Model);
        DamagedImagesException e = Assert.Throws<DamagedImagesException>(() => TokenFile.Write(
            _folder["tokens.npz"], 200, 8, 8, Model.Options.Codes,
            tokenizer.Encode(broken, TestContext.Current.CancellationToken)));
        Assert.Equal("image 150 is broken", e.Message);
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public void Encoding_stops_when_it_is_cancelled_and_leaves_no_file()
    {
        using var cancellation = new CancellationTokenSource();
        ImageSource images = SyntheticShapes.Open(Split.Train, Size, trainCount: 500);
        using var tokenizer = new Tokenizer(Model);
        IEnumerable<int[]> Cancelling()
        {
            foreach (int[] codes in tokenizer.Encode(images, cancellation.Token))
            {
                yield return codes;
                cancellation.Cancel();
            }
        }
        Assert.ThrowsAny<OperationCanceledException>(
            () => TokenFile.Write(_folder["tokens.npy"], 500, 8, 8, Model.Options.Codes, Cancelling()));
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public void Cancelled_calls_stop_before_the_next_batch()
    {
        using var tokenizer = new Tokenizer(Model);
        var cancelled = new CancellationToken(canceled: true);
        Assert.Throws<OperationCanceledException>(() => tokenizer.Encode([SyntheticShapes.Image(0)], cancelled));
        Assert.Throws<OperationCanceledException>(() => tokenizer.DecodeAll(new int[64], 8, 8, cancelled));
    }

    [Fact]
    public void Unsuitable_images_and_codes_are_refused()
    {
        CancellationToken stop = TestContext.Current.CancellationToken;
        using var tokenizer = new Tokenizer(Model);
        ImageSource grey = SyntheticShapes.Open(Split.Test, Size, testCount: 3).ToChannels(1);
        InputException e = Assert.Throws<InputException>(() => tokenizer.Encode(grey, stop));
        Assert.Contains("3 channels; these have 1", e.Message, StringComparison.Ordinal);
        Assert.Throws<InputException>(() => tokenizer.Encode(Image.Black(32, 32, 1)));
        e = Assert.Throws<InputException>(() => tokenizer.Encode(Image.Black(30, 32, 3)));
        Assert.Contains("height 32 and width 30", e.Message, StringComparison.Ordinal);
        Assert.Contains("multiples of 4", e.Message, StringComparison.Ordinal);
        ArgumentException differ = Assert.Throws<ArgumentException>(
            () => tokenizer.Encode([Image.Black(32, 16, 3), Image.Black(16, 16, 3)], stop));
        Assert.Contains("16x32x3, image 1 is 16x16x3", differ.Message, StringComparison.Ordinal);

        Assert.Contains(
            "63 codes are not one image of 8 x 8",
            Assert.Throws<ArgumentException>(() => tokenizer.Decode(new int[63], 8, 8)).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "100 codes do not form whole images of 8 x 8",
            Assert.Throws<ArgumentException>(() => tokenizer.DecodeAll(new int[100], 8, 8, stop)).Message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.Decode([], 0, 8));
        Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.Decode([], 8, -1));
        Assert.Throws<InputException>(() => tokenizer.Decode([], 1 << 20, 1 << 20));
        Assert.ThrowsAny<ArgumentException>(
            () => tokenizer.Decode([.. Enumerable.Repeat(Model.Options.Codes, 64)], 8, 8));
    }

    [Fact]
    public void No_images_have_no_codes()
    {
        using var tokenizer = new Tokenizer(Model);
        Assert.Empty(tokenizer.Encode(Array.Empty<Image>(), TestContext.Current.CancellationToken));
        Assert.Empty(tokenizer.DecodeAll([], 8, 8, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Decoding_keeps_the_number_of_channels(int channels)
    {
        using var tokenizer = new Tokenizer(Create(channels));
        Image image = tokenizer.Reconstruct(Image.Black(8, 12, channels));
        Assert.Equal((8, 12, channels), (image.Width, image.Height, image.Channels));
    }

    /// <summary>A new model whose codes are spread over its encoder's outputs.</summary>
    private static VqVae Create(int channels)
    {
        var options = new VqVaeOptions
        {
            Channels = channels,
            Hidden = 16,
            ResidualHidden = 8,
            Codes = 40,
            CodeDim = 6,
        };
        var model = new VqVae(options, seed: 5);
        ImageSource images = SyntheticShapes.Open(Split.Train, Size, trainCount: 1).ToChannels(channels);
        float[] pixels = new float[Size * Size * channels];
        PixelValues.FromBytes(images.Read(0), pixels);
        float[] z = model.EncodeToVectors(Tensor.From(pixels, [1, Size, Size, channels])).ToArray();
        model.Quantizer.Table().CopyFrom(z.AsSpan(0, 40 * 6));
        return model;
    }
}
