using System.Runtime.CompilerServices;
using Tessera.Tensors.Devices;

namespace Tessera.Cli.Tests;

/// <summary>
/// A kind of device that computes wrong. It is known to the whole process, from its start on, and present only in the
/// flow of the test that says so.
/// </summary>
internal static class FaultyDevice
{
    public const string Name = "faulty";

    public const string Fault = "it computes wrong";

    private static readonly AsyncLocal<bool> Presence = new();

    public static void MakePresent() => Presence.Value = true;

    [ModuleInitializer]
    public static void Register() => Device.Register(new DeviceKind(
        Name, () => [new FoundDevice("a card", Presence.Value ? null : "it is not there")],
        (_, _, _) => throw new ArgumentException(Fault, paramName: "number")));
}
