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
