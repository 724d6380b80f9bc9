namespace Tessera.Tensors.Devices;

/// <summary>A kind of device that <see cref="Device.Create"/> can make.</summary>
/// <param name="Name">Its name for users: <c>cpu</c>.</param>
/// <param name="Find">
/// The devices of this kind, by number, those that cannot be used too. What a whole kind lacks, such as a driver, is
/// the fault of its only one.
/// </param>
/// <param name="Create">
/// Makes a device that has no fault: its number among those found, processor threads (null for the default), and how it
/// multiplies. It throws an <see cref="ArgumentException"/> if the device has no such precision, or if it turns out
/// that it cannot be used.
/// </param>
public sealed record DeviceKind(
    string Name, Func<IReadOnlyList<FoundDevice>> Find, Func<int, int?, Precision, Device> Create);

/// <summary>A device of a machine, before it is used.</summary>
/// <param name="Description">What it is, for users: its name, memory, abilities.</param>
/// <param name="Fault">Why it cannot be used, and what would help; null if it can.</param>
public sealed record FoundDevice(string Description, string? Fault = null);
