using Tessera.Tensors.Devices;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;

namespace Tessera.Tensors.Optim;

/// <summary>
/// An exponential moving average of a model's parameters, for evaluation (Polyak and Juditsky 1992; with exponential
/// weights, Tarvainen and Valpola 2017): after each step <c>average = d * average + (1 - d) * parameter</c> with
/// <c>d = min(decay, (1 + t) / (10 + t))</c>, t the updates before this one. The warm start, which is that of TensorFlow's
/// ExponentialMovingAverage, soon forgets the parameters that training started from. Buffers are not averaged.
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
/// finally { average.Swap(); } // and now trains on
/// </code></example>
public sealed class WeightAverage
{
    private readonly double _decay;
    private readonly List<Entry> _entries;

    /// <summary>Creates averages that start as copies of the parameters as they are now.</summary>
    /// <param name="model">Whose parameters.</param>
    /// <param name="decay">How much of the average an update keeps once it is warm: 0 to below 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The decay is not in that range.</exception>
    public WeightAverage(Module model, double decay)
    {
        if (!(decay is >= 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(decay), decay, "A decay of averages is at least 0 and below 1.");
        _decay = decay;
        _entries =
        [
            .. model.Parameters().Select(parameter => new Entry(
                parameter.Name, parameter.Tensor, Tensor.Zeros(parameter.Tensor.Shape, parameter.Tensor.Device))),
        ];
        foreach (Entry entry in _entries) Copy(entry.Parameter.Device, entry.Parameter.Storage, entry.Average.Storage);
    }

    /// <summary>How many updates were made: t of the next.</summary>
    public long Updates { get; set; }

    /// <summary>Whether the model holds the averages at present, and this what they were swapped with.</summary>
    public bool IsSwapped { get; private set; }

    /// <summary>
    /// The averages, as <c>NAME.average</c> behind the parameter's full name. With <see cref="Updates"/> they are all the
    /// state there is. While <see cref="IsSwapped"/> they are what the parameters were.
    /// </summary>
    public IEnumerable<(string Name, Tensor Tensor)> State() =>
        _entries.Select(entry => ($"{entry.Name}.average", entry.Average));

    /// <summary>Moves the averages towards the parameters, after a step of the optimizer.</summary>
    /// <exception cref="InvalidOperationException">The model holds the averages: swap them back first.</exception>
    public void Update()
    {
        if (IsSwapped)
            throw new InvalidOperationException("The model holds its averages; swap them back before training goes on.");
        double decay = Math.Min(_decay, (1.0 + Updates) / (10.0 + Updates));
        foreach (Entry entry in _entries) entry.Average.MoveAverage(entry.Parameter, decay);
        Updates++;
    }

    /// <summary>
    /// Exchanges the values of parameters and averages: once to evaluate or save the averaged model, and again to go on,
    /// with the same bits as before.
    /// </summary>
    public void Swap()
    {
        foreach (Entry entry in _entries)
        {
            Device device = entry.Parameter.Device;
            Storage parameter = entry.Parameter.Storage, average = entry.Average.Storage, aside = device.Rent(parameter.Length);
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
