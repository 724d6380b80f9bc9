using Tessera.Tensors.Devices;
using Tessera.Training;

namespace Tessera.Cli.Rendering;

/// <summary>The devices of this machine as text.</summary>
internal static class DeviceText
{
    /// <summary>
    /// A table: a row for each device, with what is used if none is named, which is tried, and what others lack.
    /// </summary>
    public static IReadOnlyList<string[]> Table()
    {
        var faults = new Dictionary<string, string>();
        new TrainingOptions().CreateDevice(faults.Add).Dispose();
        var rows = new List<string[]>();
        bool isFirst = true;
        foreach (DeviceKind kind in Device.Kinds)
        {
            IReadOnlyList<FoundDevice> found = kind.Find();
            for (int number = 0; number < found.Count; number++)
            {
                string? fault = found[number].Fault ?? faults.GetValueOrDefault($"{kind.Name}:{number}");
                string use = fault is not null ? $"cannot be used: {fault}"
                    : isFirst ? $"--device {Device.Auto} takes it" : "";
                isFirst &= fault is not null;
                rows.Add([found.Count == 1 ? kind.Name : $"{kind.Name}:{number}", found[number].Description, use]);
            }
        }
        return rows;
    }
}
