using System.Text.Json;
using Tessera.Runs;

namespace Tessera.Samples;

/// <summary>The options of every run; a program adds its own properties.</summary>
public sealed record OwnOptions : RunOptions;

/// <summary>A run folder of one's own: it reads and writes <c>config.json</c>.</summary>
public sealed class OwnRun(string path, OwnOptions options) : RunFolder(path, options)
{
    public static OwnRun OpenOrCreate(string path, OwnOptions options)
    {
        if (!IsRun(path))
            Create(path, full => File.WriteAllText(ConfigPathOf(full), JsonSerializer.Serialize(options)));
        string folder = Find(path), config = File.ReadAllText(ConfigPathOf(folder));
        return new OwnRun(folder, JsonSerializer.Deserialize<OwnOptions>(config)!);
    }
}
