using System.Globalization;
using Tessera.Tensors.Devices.Cpu;

namespace Tessera.Tensors.Devices;

public abstract partial class Device
{
    /// <summary>The name that stands for the best device of the machine.</summary>
    public const string Auto = "auto";

    private const string Cpu = "cpu";

    private static readonly Lock KindsLock = new();

    // Created on first use: a program may not need its threads, and TESSERA_KERNELS may be wrong.
    private static readonly Lazy<Device> Processor = new(() => new CpuDevice());

    // In the order of preference. The processor, which every machine has, ends the search.
    private static DeviceKind[] _kinds =
    [
        new(Cpu, () => [new FoundDevice($"{Environment.ProcessorCount} logical processors")], CreateProcessor),
    ];

    /// <summary>The processor with all its cores: the device of tensors that name no other.</summary>
    /// <exception cref="ArgumentException">TESSERA_KERNELS or TESSERA_CONVOLUTIONS has an unknown value.</exception>
    public static Device Default => Processor.Value;

    /// <summary>The names that <see cref="Create"/> takes: <see cref="Auto"/> and those of the kinds.</summary>
    public static IReadOnlyList<string> Names => [Auto, .. _kinds.Select(kind => kind.Name)];

    /// <summary>The kinds of device that are known, in the order in which <see cref="Auto"/> takes them.</summary>
    public static IReadOnlyList<DeviceKind> Kinds => _kinds;

    /// <summary>Creates a device; the caller disposes it.</summary>
    /// <param name="name">
    /// One of <see cref="Names"/>, with <c>:N</c> for device number N of its kind: <c>cpu</c>, <c>cuda:1</c>. Without a
    /// number, the first that can be used.
    /// </param>
    /// <param name="threads">The number of processor threads, at least 1; null for one per logical processor.</param>
    /// <param name="precision">How the device multiplies.</param>
    /// <param name="passedOver">
    /// Receives the name of each device that was found and that <see cref="Auto"/> does not take all the same, as it
    /// cannot be created, and why; null if nobody wants to know.
    /// </param>
    /// <param name="place">
    /// The place of this process among those of the machine, at least 0: without a number, process after process takes
    /// the next device of a kind.
    /// </param>
    /// <exception cref="ArgumentException">
    /// There is no such device, or it cannot be used; the message says why. Or the device has no such precision. Or
    /// TESSERA_KERNELS or TESSERA_CONVOLUTIONS has an unknown value.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">The number of threads is below 1.</exception>
    public static Device Create(
        string name = Auto, int? threads = null, Precision precision = Precision.Auto,
        Action<string, string>? passedOver = null, int place = 0)
    {
        if (name == Auto) return CreateBest(threads, precision, passedOver, place);
        string[] parts = name.Split(':');
        int number = 0;
        DeviceKind? kind = _kinds.FirstOrDefault(kind => kind.Name == parts[0]);
        bool isNumbered = parts.Length == 2
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out number);
        if (kind is null || !(parts.Length == 1 || isNumbered))
            throw new ArgumentException(
                $"there is no device \"{name}\"; choose one of {string.Join(", ", Names)}", nameof(name));
        IReadOnlyList<FoundDevice> found = kind.Find();
        if (!isNumbered) number = Usable(found, place).FirstOrDefault();
        if (number >= found.Count)
            throw new ArgumentException(
                $"this machine has no device \"{name}\"; the last of its kind is {kind.Name}:{found.Count - 1}",
                nameof(name));
        return found[number].Fault is { } fault
            ? throw new ArgumentException($"{name} cannot be used: {fault}", nameof(name))
            : kind.Create(number, threads, precision);
    }

    /// <summary>
    /// Makes a kind of device known; a kind of the same name is replaced.
    /// </summary>
    /// <param name="kind">The kind.</param>
    /// <param name="isPreferred">
    /// Whether <see cref="Auto"/> takes it before the kinds that are known already; else it is used by its name only.
    /// </param>
    /// <exception cref="ArgumentException">The name is empty, <see cref="Auto"/>, or has a colon.</exception>
    public static void Register(DeviceKind kind, bool isPreferred = true)
    {
        if (kind.Name is "" or Auto || kind.Name.Contains(':'))
            throw new ArgumentException($"\"{kind.Name}\" cannot be the name of a kind of device", nameof(kind));
        lock (KindsLock)
        {
            IEnumerable<DeviceKind> others = _kinds.Where(other => other.Name != kind.Name);
            _kinds = isPreferred ? [kind, .. others] : [.. others, kind];
        }
    }

    private static Device CreateBest(
        int? threads, Precision precision, Action<string, string>? passedOver, int place)
    {
        foreach (DeviceKind kind in _kinds.TakeWhile(kind => kind.Name != Cpu))
        {
            foreach (int number in Usable(kind.Find(), place))
            {
                try
                {
                    return kind.Create(number, threads, precision);
                }
                catch (ArgumentException e)
                {
                    passedOver?.Invoke($"{kind.Name}:{number}", e.Message);
                }
            }
        }
        return _kinds.Single(kind => kind.Name == Cpu).Create(0, threads, precision);
    }

    /// <summary>The numbers of the devices that can be used, in the order in which a process tries them.</summary>
    private static int[] Usable(IReadOnlyList<FoundDevice> found, int place)
    {
        int[] all = [.. Enumerable.Range(0, found.Count).Where(number => found[number].Fault is null)];
        return all.Length == 0 ? [] : [.. all[(place % all.Length)..], .. all[..(place % all.Length)]];
    }

    private static CpuDevice CreateProcessor(int number, int? threads, Precision precision) =>
        precision == Precision.Bfloat16
            ? throw new ArgumentException("the processor multiplies in float32", nameof(precision))
            : new CpuDevice(threads);
}
