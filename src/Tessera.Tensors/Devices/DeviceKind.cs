namespace Tessera.Tensors.Devices;

/// <summary>A kind of device that <see cref="Device.Create"/> can make.</summary>
/// <param name="Name">Its name for users: <c>cpu</c>.</param>
/// <param name="IsPresent">Whether this machine has such a device.</param>
/// <param name="Create">
/// Makes device number N of its kind (0 for the first), with a number of processor threads (null for the default).
/// </param>
public sealed record DeviceKind(string Name, Func<bool> IsPresent, Func<int, int?, Device> Create);
