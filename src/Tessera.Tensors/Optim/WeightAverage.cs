using Tessera.Tensors.Devices;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;

namespace Tessera.Tensors.Optim;

/// <summary>
/// An exponential moving average of a model's parameters, for evaluation (Polyak and Juditsky 1992; with exponential
/// weights, Tarvainen and Valpola 2017): after each step <c>average = d * average + (1 - d) * parameter</c> with
/// <c>d = min(decay, (1 + t) / (10 + t))</c>, where t is the number of updates before this one. The smaller d of the
/// first updates (as in TensorFlow's ExponentialMovingAverage) soon forgets the initial parameters. Buffers are not
/// averaged.
/// </summary>
/// <example><code>
/// var average = new WeightAverage(model, decay: 0.999);
/// for (int step = 0; step &lt; 1000; step++)
/// {
///     ...                     // a step of the optimizer
///     average.Update();
/// }
/// average.Swap();             // the model now computes with the averages
/// try { Evaluate(model); }
/// finally { average.Swap(); } // training can go on
/// </code></example>
public sealed class WeightAverage : IDisposable
{
    private readonly double _decay;
    private readonly List<Entry> _entries;
    private readonly UpdateBlock _block;
    private readonly bool _ownsBlock;
    private readonly Number _keep, _add;

    /// <summary>Starts the averages at the model's present parameters.</summary>
    /// <param name="model">The model.</param>
    /// <param name="decay">The part of the average that an update keeps after the warm-up: at least 0, below 1.</param>
    /// <param name="block">The block for the update's numbers; null for one of its own.</param>
    /// <exception cref="ArgumentOutOfRangeException">The decay is not in that range.</exception>
    public WeightAverage(Module model, double decay, UpdateBlock? block = null)
    {
        if (!(decay is >= 0 and < 1))
            throw new ArgumentOutOfRangeException(
                nameof(decay), decay, "the decay of the averages must be at least 0 and below 1");
        _decay = decay;
        _entries =
        [
            .. model.Parameters().Select(parameter => new Entry(
                parameter.Name, parameter.Tensor, Tensor.Zeros(parameter.Tensor.Shape, parameter.Tensor.Device))),
        ];
        foreach (Entry entry in _entries) entry.Average.CopyFrom(entry.Parameter);
        _ownsBlock = block is null;
        _block = block ?? new UpdateBlock(_entries.Count > 0 ? _entries[0].Parameter.Device : Device.Default);
        (_keep, _add) = (_block.ReserveNumber(), _block.ReserveNumber());
    }

    /// <summary>The number of updates made: t of the next update.</summary>
    public long Updates { get; set; }

    /// <summary>Whether the model currently holds the averages, and this object the parameters.</summary>
    public bool IsSwapped { get; private set; }

    /// <summary>
    /// The averages, by the parameter's full name: <c>NAME.average</c>. With <see cref="Updates"/> they are the whole
    /// state. While <see cref="IsSwapped"/> is true they hold the parameters.
    /// </summary>
    public IEnumerable<(string Name, Tensor Tensor)> State() =>
        _entries.Select(entry => ($"{entry.Name}.average", entry.Average));

    /// <summary>
    /// Moves the averages towards the parameters, after a step of the optimizer. For averages with a block of their
    /// own; others are moved in two parts, <see cref="Prepare"/> and <see cref="Move"/>.
    /// </summary>
    /// <exception cref="InvalidOperationException">The model holds the averages: swap them back first.</exception>
    public void Update()
    {
        Prepare();
        _block.Upload();
        Move();
    }

    /// <summary>Counts the next update and sets its numbers in the block, which the caller uploads.</summary>
    /// <exception cref="InvalidOperationException">The model holds the averages: swap them back first.</exception>
    public void Prepare()
    {
        if (IsSwapped)
            throw new InvalidOperationException("the model holds its averages; swap them back before the next update");
        double decay = Math.Min(_decay, (1.0 + Updates) / (10.0 + Updates));
        _block.Set(_keep, (float)decay);
        _block.Set(_add, (float)(1 - decay));
        Updates++;
    }

    /// <summary>Moves the averages by the update that was prepared.</summary>
    public void Move()
    {
        foreach (Entry entry in _entries) entry.Average.MoveAverage(entry.Parameter, _keep, _add);
    }

    /// <summary>
    /// Exchanges parameters and averages: once to evaluate or save the averaged model, and again to restore the
    /// parameters, bit for bit.
    /// </summary>
    public void Swap()
    {
        foreach (Entry entry in _entries)
        {
            Device device = entry.Parameter.Device;
            Storage<float> parameter = entry.Parameter.Storage, average = entry.Average.Storage;
            Storage<float> aside = device.Rent(parameter.Length);
            device.Copy(parameter, aside);
            device.Copy(average, parameter);
            device.Copy(aside, average);
            device.Return(aside);
        }
        IsSwapped = !IsSwapped;
    }

    /// <summary>Frees the averages, and the block if it is their own.</summary>
    public void Dispose()
    {
        foreach (Entry entry in _entries) entry.Average.Dispose();
        if (_ownsBlock) _block.Dispose();
    }

    private readonly record struct Entry(string Name, Tensor Parameter, Tensor Average);
}
