namespace Tessera.Tensors.Random;

/// <summary>
/// The streams of <see cref="CounterRandom"/> that one seed serves. Every kind of draw has a range of 2^60 streams of
/// its own, so that no two draws of a run use the same numbers.
/// </summary>
public static class RandomStreams
{
    /// <summary>Initial weights: one stream per tensor, in the order of creation.</summary>
    public const ulong Weights = 0;

    /// <summary>The order of the images: one stream per epoch.</summary>
    public const ulong Epochs = 1UL << 60;

    /// <summary>The k-means start of a table of vectors: one stream.</summary>
    public const ulong TableStart = 2UL << 60;

    /// <summary>The vectors onto which unused codes are moved: one stream per update.</summary>
    public const ulong Revival = 3UL << 60;

    /// <summary>Which drawn images are mirrored: one stream, one number per drawn image.</summary>
    public const ulong Flips = 4UL << 60;

    /// <summary>Dropped activations: one stream per layer and update.</summary>
    public const ulong Dropout = 5UL << 60;

    /// <summary>Noise that is added while training: one stream per layer and update.</summary>
    public const ulong Noise = 6UL << 60;

    /// <summary>Sampling: one stream per sample.</summary>
    public const ulong Samples = 7UL << 60;

    /// <summary>Which drawn images lose their class: one stream, one number per drawn image.</summary>
    public const ulong ClassDrops = 8UL << 60;

    /// <summary>Which updates leave parts of a model out: one stream, two numbers per update.</summary>
    public const ulong LevelDrops = 9UL << 60;
}
