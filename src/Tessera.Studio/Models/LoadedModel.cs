using Tessera.Files;
using Tessera.Imaging;
using Tessera.Inspection;
using Tessera.Models;
using Tessera.Priors;
using Tessera.Studio.Http;
using Tessera.Studio.Runs;
using Tessera.Tensors.Devices;
using Tessera.Tokens;
using Tessera.Training;

namespace Tessera.Studio.Models;

/// <summary>
/// The weights of a run at one version, in memory, for the short answers of an editor: one request after the other, on
/// all processors. What takes long has a copy of the model on a device of its own (<see cref="Background"/>).
/// </summary>
internal sealed class LoadedModel : IDisposable
{
    /// <summary>
    /// The device of the studio's models: small images are not worth a GPU, which a run may be using.
    /// </summary>
    public const string Processor = "cpu";

    private readonly SemaphoreSlim _gate = new(1);
    private readonly Device _device;
    private readonly TrainedModel _trained;
    private readonly Tokenizer _tokenizer;
    private (string? Version, ImageSampler Sampler)? _sampler;
    private bool _isDisposed;

    public LoadedModel(RunEntry entry, string version, string weights)
    {
        (Entry, Version, Weights) = (entry, version, weights);
        _device = Device.Create(Processor);
        try
        {
            _trained = TrainedModel.Open(entry.Path, _device);
        }
        catch
        {
            _device.Dispose();
            throw;
        }
        Options = _trained.Options!;
        _tokenizer = new Tokenizer(_trained.Model);
        Images = new ModelImages(entry, Options, _trained.Model.Options);
        Details = new ModelDetails(this, Images);
    }

    /// <summary>The run.</summary>
    public RunEntry Entry { get; }

    /// <summary>The version of the weights.</summary>
    public string Version { get; }

    /// <summary>The weights' hash (<see cref="WeightHashes"/>).</summary>
    public string Weights { get; }

    /// <summary>The options of the run.</summary>
    public TrainingOptions Options { get; }

    /// <summary>The sizes of the model.</summary>
    public VqVaeOptions Sizes => _trained.Model.Options;

    /// <summary>Updates that the weights were trained for; null if unknown.</summary>
    public long? Update => _trained.Update;

    /// <summary>Its parameters.</summary>
    public long Parameters => _trained.Model.ParameterCount;

    /// <summary>The images of its run.</summary>
    public ModelImages Images { get; }

    /// <summary>What is computed once for these weights.</summary>
    public ModelDetails Details { get; }

    /// <summary>Whether the run has a prior with weights; it may still be of another tokenizer.</summary>
    public bool HasPrior => ImageSampler.HasPrior(Entry.Path);

    /// <summary>Does some work with the model, when no other request does.</summary>
    /// <returns>The result; null if the model was given up meanwhile.</returns>
    public async Task<T?> Use<T>(Func<ModelParts, T> work, CancellationToken cancellation) where T : class
    {
        await _gate.WaitAsync(cancellation);
        try
        {
            return _isDisposed
                ? null
                : await Task.Run(() => work(new ModelParts(this, _trained.Model, _tokenizer, Sampler)), cancellation);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>A copy of the model for work that takes long, on one thread, so that the editor stays quick.</summary>
    public BackgroundModel Background()
    {
        Device device = Device.Create(Processor, threads: 1);
        try
        {
            return new BackgroundModel(ModelFile.Read(Entry.PathOf(StateDict.ModelName), device).Model, device);
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    /// <summary>Waits for the work under way, then frees the model.</summary>
    public void Dispose()
    {
        _gate.Wait();
        _isDisposed = true;
        CloseSampler();
        _tokenizer.Dispose();
        _trained.Dispose();
        _device.Dispose();
        _gate.Release();
    }

    /// <summary>The prior of these weights with its sampler: the newest, since it may learn on.</summary>
    private ImageSampler Sampler()
    {
        string file = Entry.PathOf(PriorRun.FolderName, StateDict.ModelName);
        string? version = RunReader.VersionOf(file);
        if (_sampler is { } known && known.Version == version) return known.Sampler;
        CloseSampler();
        CodePrior prior = ImageSampler.OpenPrior(Entry.Path, Entry.PathOf(StateDict.ModelName), file, _device);
        try
        {
            _sampler = (version, new ImageSampler(_trained.Model, prior));
        }
        catch
        {
            prior.Dispose();
            throw;
        }
        return _sampler.Value.Sampler;
    }

    private void CloseSampler()
    {
        if (_sampler is not { } old) return;
        _sampler = null;
        old.Sampler.Dispose();
        old.Sampler.Prior.Dispose();
    }
}

/// <summary>What a request may use of a model while it has it to itself.</summary>
internal sealed class ModelParts(LoadedModel loaded, VqVae model, Tokenizer tokenizer, Func<ImageSampler> sampler)
{
    public LoadedModel Loaded { get; } = loaded;

    public VqVae Model { get; } = model;

    public Tokenizer Tokenizer { get; } = tokenizer;

    public ModelProbe Probe => new(Model);

    /// <summary>The prior and its sampler.</summary>
    /// <exception cref="StudioException">There is none for these weights.</exception>
    public ImageSampler Sampler
    {
        get
        {
            try
            {
                return sampler();
            }
            catch (InputException e)
            {
                throw StudioException.Conflict(e.Message);
            }
        }
    }

    /// <summary>Decodes codes to one image: several beside each other.</summary>
    public Image Decode(int[] codes, int rows, int columns)
    {
        Image[] images = Tokenizer.DecodeAll(codes, rows, columns);
        return images.Length == 1 ? images[0] : ImageGrid.Make(images, images.Length, padding: 0);
    }
}

/// <summary>A copy of a model on a device of its own.</summary>
internal sealed record BackgroundModel(VqVae Model, Device Device) : IDisposable
{
    public void Dispose()
    {
        Model.Dispose();
        Device.Dispose();
    }
}
