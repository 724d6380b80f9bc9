namespace Tessera.Data;

/// <summary>A part of a data source.</summary>
public enum Split
{
    /// <summary>The training images.</summary>
    Train,

    /// <summary>The held-out images for evaluation; none of them is in <see cref="Train"/>.</summary>
    Test,

    /// <summary>Every image.</summary>
    All,
}

/// <summary>The names of splits.</summary>
public static class SplitNames
{
    /// <summary>The name in options and in files: <c>train</c>, <c>test</c> or <c>all</c>.</summary>
    public static string Name(this Split split) => split switch
    {
        Split.Train => "train",
        Split.Test => "test",
        Split.All => "all",
        _ => throw new ArgumentOutOfRangeException(nameof(split), split, "not a split"),
    };

    /// <summary>
    /// The name of a set of images: <c>cifar10 test</c>; for all splits, the name of the source alone.
    /// </summary>
    internal static string NameOf(string source, Split split) =>
        split == Split.All ? source : $"{source} {split.Name()}";
}
