using Tessera.Tensors.Devices.Cpu;

namespace Tessera.TestSupport;

/// <summary>The devices that are compared with PyTorch.</summary>
internal static class ParityDevices
{
    /// <summary>
    /// Arguments of <see cref="CpuDevice"/>: the default device's, then every kernel with one thread and with two.
    /// Vectors that the processor lacks run in software. The reference kernels use one thread.
    /// </summary>
    public static TheoryData<int?, string?> All()
    {
        TheoryData<int?, string?> devices = new() { { null, null } };
        foreach (string kernels in CpuDevice.KernelNames)
        {
            devices.Add(1, kernels);
            if (kernels != "reference") devices.Add(2, kernels);
        }
        return devices;
    }
}
