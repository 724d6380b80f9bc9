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
public sealed class WeightAverage
{
    private readonly double _decay;
    private readonly List<Entry> _entries;

    /// <summary>Creates averages that start as copies of the current parameters.</summary>
    /// <param name="model">The model whose parameters are averaged.</param>
    /// <param name="decay">The part of the average that an update keeps after the warm-up: at least 0, below 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The decay is not in that range.</exception>
    public WeightAverage(Module model, double decay)
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
        foreach (Entry entry in _entries) Copy(entry.Parameter.Device, entry.Parameter.Storage, entry.Average.Storage);
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

    /// <summary>Moves the averages towards the parameters, after a step of the optimizer.</summary>
    /// <exception cref="InvalidOperationException">The model holds the averages: swap them back first.</exception>
    public void Update()
    {
        if (IsSwapped)
            throw new InvalidOperationException("the model holds its averages; swap them back before the next update");
        double decay = Math.Min(_decay, (1.0 + Updates) / (10.0 + Updates));
        foreach (Entry entry in _entries) entry.Average.MoveAverage(entry.Parameter, decay);
        Updates++;
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
            Storage parameter = entry.Parameter.Storage, average = entry.Average.Storage;
            Storage aside = device.Rent(parameter.Length);
            Copy(device, parameter, aside);
            Copy(device, average, parameter);
            Copy(device, aside, average);
            device.Return(aside);
        }
        IsSwapped = !IsSwapped;
    }

    private static void Copy(Device device, Storage from, Storage to) => device.Scale(from, 1, to, accumulate: false);

    private readonly record struct Entry(string Name, Tensor Parameter, Tensor Average);
}
