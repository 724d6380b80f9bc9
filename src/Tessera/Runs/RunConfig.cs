namespace Tessera.Runs;

/// <summary>The contents of <c>config.json</c>: the version that wrote it and every option.</summary>
/// <typeparam name="TOptions">The options of the run.</typeparam>
internal sealed record RunConfig<TOptions>(string Version, TOptions Options) where TOptions : RunOptions;
