using Tessera.Studio.Contract;
using Tessera.Studio.Http;
using Tessera.Studio.Runs;

namespace Tessera.Studio.Models;

/// <summary>Keeps the models in memory that were used last.</summary>
internal sealed class ModelStore(RunCatalog catalog) : IDisposable
{
    private const int MostModels = 4;

    private readonly SemaphoreSlim _gate = new(1);
    // The one used last is at the end.
    private readonly List<LoadedModel> _models = [];

    /// <summary>The newest weights of a run.</summary>
    /// <exception cref="StudioException">There is no such run, or it has no model of codes.</exception>
    public async Task<LoadedModel> Get(string id, CancellationToken cancellation)
    {
        RunEntry entry = catalog.Find(id);
        string version = RunReader.ModelVersion(entry)
            ?? throw StudioException.Conflict($"{entry.ShownPath} has no model yet: wait for its first checkpoint");
        if (OpenedRun.KindOf(entry) is not RunKind.Tokenizer)
            throw StudioException.Conflict($"{entry.ShownPath} is not the run of a tokenizer");
        await _gate.WaitAsync(cancellation);
        try
        {
            if (_models.Find(model => model.Entry.Id == id && model.Version == version) is { } known)
            {
                _models.Remove(known);
                _models.Add(known);
                return known;
            }
            LoadedModel loaded = await Task.Run(() => new LoadedModel(entry, version), cancellation);
            // An older version of the same run is of no use.
            foreach (LoadedModel old in _models.Where(model => model.Entry.Id == id).ToArray()) GiveUp(old);
            _models.Add(loaded);
            if (_models.Count > MostModels) GiveUp(_models[0]);
            return loaded;
        }
        finally
        {
            _gate.Release();
        }
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
        foreach (LoadedModel model in _models) model.Dispose();
        _gate.Dispose();
    }

    private void GiveUp(LoadedModel model)
    {
        _models.Remove(model);
        // It may be at work.
        _ = Task.Run(model.Dispose);
    }
}
