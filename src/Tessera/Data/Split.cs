namespace Tessera.Data;

/// <summary>Which part of a data source is meant.</summary>
public enum Split
{
    /// <summary>The pictures to learn from.</summary>
    Train,

    /// <summary>The pictures held out to measure on; none of them is in <see cref="Train"/>.</summary>
    Test,

    /// <summary>Every picture: <see cref="Train"/>, then <see cref="Test"/>.</summary>
    All,
}

/// <summary>The names of splits.</summary>
public static class SplitNames
{
    /// <summary>What <c>--split</c> takes and files say: <c>train</c>, <c>test</c> or <c>all</c>.</summary>
    public static string Name(this Split split) => split switch
    {
        Split.Train => "train",
        Split.Test => "test",
        Split.All => "all",
        _ => throw new ArgumentOutOfRangeException(nameof(split), split, "Not a split."),
    };

    /// <summary>What a set of pictures is called: <c>cifar10 test</c>; all of a source by the source's name alone.</summary>
    internal static string NameOf(string source, Split split) =>
        split == Split.All ? source : $"{source} {split.Name()}";
}
