namespace Tessera.Studio;

/// <summary>What a studio shows, and who may ask it.</summary>
public sealed record StudioOptions
{
    /// <summary>The port where none is chosen; if it is taken, one of the next.</summary>
    public const int UsualPort = 5151;

    /// <summary>The fewest characters of <see cref="Token"/>.</summary>
    public const int FewestTokenCharacters = 16;

    /// <summary>Run folders and folders of runs. New runs go to the first that is no run.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    /// <summary>The run folders of the models that come with the program.</summary>
    public IReadOnlyList<string> BuiltIn { get; init; } = [];

    /// <summary>Folders of images to train on.</summary>
    public IReadOnlyList<string> Images { get; init; } = [];

    /// <summary>The port; 0 for any free one, null for <see cref="UsualPort"/> or one of the next.</summary>
    public int? Port { get; init; }

    /// <summary>The address or name to listen on; null for the loopback interface. It needs a token.</summary>
    public string? Host { get; init; }

    /// <summary>What a user must know to use the studio; null for none, on the loopback interface only.</summary>
    public string? Token { get; init; }

    /// <summary>Checks the values.</summary>
    /// <exception cref="InputException">A value is out of range, or the token is missing or too short.</exception>
    public void Validate()
    {
        InputException.ThrowUnless(
            Port is null or (>= 0 and <= 65535), nameof(Port), $"must be 0 to 65535, not {Port}");
        if (Host is not null && Token is null)
            throw new InputException($"{nameof(Host)} {Host} lets others reach the studio; give a token, too")
            { Option = nameof(Token) };
        if (Token is { Length: < FewestTokenCharacters })
            throw new InputException(
                $"{nameof(Token)} must have at least {FewestTokenCharacters} characters, so that it cannot be guessed")
            { Option = nameof(Token) };
    }
}
