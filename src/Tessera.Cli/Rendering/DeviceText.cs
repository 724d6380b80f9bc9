using Tessera.Tensors.Devices;

namespace Tessera.Cli.Rendering;

/// <summary>The devices of this machine as text.</summary>
internal static class DeviceText
{
    /// <summary>A table: a row for each device, with what is used if none is named, and what others lack.</summary>
    public static IReadOnlyList<string[]> Table()
    {
        var rows = new List<string[]>();
        bool isFirst = true;
        foreach (DeviceKind kind in Device.Kinds)
        {
            IReadOnlyList<FoundDevice> found = kind.Find();
            for (int number = 0; number < found.Count; number++)
            {
                string use = found[number].Fault is { } fault ? $"cannot be used: {fault}"
                    : isFirst ? $"--device {Device.Auto} takes it" : "";
                isFirst &= found[number].Fault is not null;
                rows.Add([found.Count == 1 ? kind.Name : $"{kind.Name}:{number}", found[number].Description, use]);
            }
        }
        return rows;
    }
}
