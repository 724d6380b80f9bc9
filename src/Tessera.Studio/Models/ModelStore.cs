using Tessera.Files;
using Tessera.Studio.Contract;
using Tessera.Studio.Http;
using Tessera.Studio.Runs;

namespace Tessera.Studio.Models;

/// <summary>Keeps the models in memory that were used last.</summary>
internal sealed class ModelStore(RunCatalog catalog, WeightHashes hashes) : IDisposable
{
    private const int MostModels = 4;

    private readonly Lock _lock = new();
    // The one used last is at the end.
    private readonly List<LoadedModel> _models = [];
    private readonly Dictionary<(string Id, string Version), Task<LoadedModel>> _loading = [];
    private bool _isDisposed;

    /// <summary>The newest weights of a run.</summary>
    /// <exception cref="StudioException">There is no such run, or it has no model of codes.</exception>
    public async Task<LoadedModel> Get(string id, CancellationToken cancellation)
    {
        RunEntry entry = catalog.Find(id);
        string version = RunReader.VersionOf(entry.PathOf(StateDict.ModelName))
            ?? throw StudioException.Conflict($"{entry.ShownPath} has no model yet: wait for its first checkpoint");
        if (OpenedRun.KindOf(entry) is not RunKind.Tokenizer)
            throw StudioException.Conflict($"{entry.ShownPath} is not the run of a tokenizer");
        Task<LoadedModel> loading;
        lock (_lock)
        {
            if (_models.Find(model => model.Entry.Id == id && model.Version == version) is { } known)
            {
                _models.Remove(known);
                _models.Add(known);
                return known;
            }
            // Who waits for another model does not wait for this one, and this one is loaded once for all who do.
            if (!_loading.TryGetValue((id, version), out loading!))
                _loading[(id, version)] = loading = Task.Run(() => Load(entry, version), CancellationToken.None);
        }
        return await loading.WaitAsync(cancellation);
    }

    /// <summary>Does some work with the newest weights of a run.</summary>
    public async Task<T> Use<T>(string id, Func<ModelParts, T> work, CancellationToken cancellation) where T : class
    {
        while (true)
        {
            LoadedModel loaded = await Get(id, cancellation);
            if (await loaded.Use(work, cancellation) is { } result) return result;
        }
    }

    public void Dispose()
    {
        LoadedModel[] all;
        lock (_lock)
        {
            _isDisposed = true;
            all = [.. _models];
            _models.Clear();
        }
        foreach (LoadedModel model in all) model.Dispose();
    }

    private LoadedModel Load(RunEntry entry, string version)
    {
        LoadedModel? loaded = null;
        try
        {
            return loaded = new LoadedModel(entry, version, hashes.Of(entry, version));
        }
        finally
        {
            lock (_lock)
            {
                _loading.Remove((entry.Id, version));
                if (loaded is not null) Keep(loaded);
            }
        }
    }

    private void Keep(LoadedModel loaded)
    {
        // An older version of the same run is of no use.
        foreach (LoadedModel old in _models.Where(model => model.Entry.Id == loaded.Entry.Id).ToArray()) GiveUp(old);
        _models.Add(loaded);
        if (_models.Count > MostModels || _isDisposed) GiveUp(_models[0]);
    }

    private void GiveUp(LoadedModel model)
    {
        _models.Remove(model);
        // It may be at work.
        _ = Task.Run(model.Dispose);
    }
}
