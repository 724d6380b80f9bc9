using Tessera.Data;
using Tessera.Imaging;
using Tessera.Models;
using Tessera.Tensors;
using Tessera.Tests.Quantization;
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
        TokenFile.Write(
            _folder["tokens.npy"], count, 8, 8, Model.Options.Codes, Tokenizer.Encode(Model, images, stop));
        using TokenReader tokens = TokenReader.Open(_folder["tokens.npy"], Model.Options.Codes);
        Image[] decoded = [.. Tokenizer.Decode(Model, tokens, stop)];
        Assert.Equal(count, decoded.Length);
        for (int i = 0; i < count; i++)
        {
            Image expected = Evaluator.Reconstruct(Model, new Image(Size, Size, 3, images.Read(i)));
            Assert.True(expected.Pixels.AsSpan().SequenceEqual(decoded[i].Pixels), $"image {i} of {count} differs");
        }
    }

    [Fact]
    public void An_image_has_the_same_codes_anywhere_in_a_batch()
    {
        byte[] image = SyntheticShapes.Image(3, Size).Pixels;
        using var tokenizer = new Tokenizer(Model, Size, Size);
        int[] alone = tokenizer.Encode([image]);
        int[] all = tokenizer.Encode([.. Enumerable.Repeat(image, tokenizer.Batch)]);
        Assert.InRange(alone.Distinct().Count(), 4, 64);
        for (int i = 0; i < tokenizer.Batch; i++) Assert.Equal(alone, all[(i * 64)..((i + 1) * 64)]);
        // A smaller batch after a larger one, of a size that is not a power of two.
        Assert.Equal([.. alone, .. alone, .. alone], tokenizer.Encode([image, image, image]));
        byte[] pixels = tokenizer.Decode(alone)[0].Pixels;
        Assert.All(tokenizer.Decode(all), copy => Assert.Equal(pixels, copy.Pixels));
    }

    [Fact]
    public void Refused_codes_do_not_affect_later_calls()
    {
        using var tokenizer = new Tokenizer(Model, Size, Size);
        int[] codes = new int[4 * tokenizer.CodesPerImage];
        byte[] pixels = tokenizer.Decode(codes)[0].Pixels;
        codes[^1] = Model.Options.Codes;
        Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.Decode(codes));
        Assert.All(
            tokenizer.Decode(codes.AsSpan(0, 3 * tokenizer.CodesPerImage)),
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
        using (IEnumerator<int[]> codes =
            Tokenizer.Encode(Model, endless, TestContext.Current.CancellationToken).GetEnumerator())
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
        DamagedImagesException e = Assert.Throws<DamagedImagesException>(() => TokenFile.Write(
            _folder["tokens.npz"], 200, 8, 8, Model.Options.Codes,
            Tokenizer.Encode(Model, broken, TestContext.Current.CancellationToken)));
        Assert.Equal("image 150 is broken", e.Message);
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public void Encoding_stops_when_it_is_cancelled_and_leaves_no_file()
    {
        using var cancellation = new CancellationTokenSource();
        ImageSource images = SyntheticShapes.Open(Split.Train, Size, trainCount: 500);
        IEnumerable<int[]> Cancelling()
        {
            foreach (int[] codes in Tokenizer.Encode(Model, images, cancellation.Token))
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
    public void Unsuitable_images_and_codes_are_refused()
    {
        ImageSource grey = SyntheticShapes.Open(Split.Test, Size, testCount: 3).ToChannels(1);
        InputException e = Assert.Throws<InputException>(
            () => Tokenizer.Encode(Model, grey, TestContext.Current.CancellationToken).First());
        Assert.Contains("channels", e.Message, StringComparison.Ordinal);
        e = Assert.Throws<InputException>(() => new Tokenizer(Model, 30, 32));
        Assert.Contains("multiples of 4", e.Message, StringComparison.Ordinal);
        using var tokenizer = new Tokenizer(Model, Size, Size);
        Assert.Throws<ArgumentException>(() => tokenizer.Encode([new byte[5]]));
        Assert.Throws<ArgumentException>(() => tokenizer.Encode(new byte[tokenizer.Batch + 1][]));
        Assert.Throws<ArgumentException>(() => tokenizer.Decode(new int[63]));
        Assert.ThrowsAny<ArgumentException>(() => tokenizer.Decode([.. Enumerable.Repeat(Model.Options.Codes, 64)]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Decoding_keeps_the_number_of_channels(int channels)
    {
        using var tokenizer = new Tokenizer(Create(channels), width: 8, height: 12);
        Image image = tokenizer.Decode(tokenizer.Encode([new byte[96 * channels]]))[0];
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
        float[] z = model.EncodeToVectors(Tessera.Tensors.Tensor.From(pixels, [1, Size, Size, channels])).ToArray();
        model.Quantizer.Table().CopyFrom(z.AsSpan(0, 40 * 6));
        return model;
    }
}
