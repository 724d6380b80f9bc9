using System.Diagnostics;

namespace Tessera.TestSupport;

/// <summary>A small file system that a test can fill; it needs Linux and root.</summary>
internal sealed class SmallDisk : IDisposable
{
    private SmallDisk(string path) => Path = path;

    public string Path { get; }

    /// <summary>The path of something on the disk.</summary>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>Mounts the disk inside the folder, or skips the test.</summary>
    public static SmallDisk Mount(TemporaryFolder folder, int kibibytes)
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
            Assert.Skip("Mounting a small disk needs Linux and root.");
        string path = Directory.CreateDirectory(folder["disk"]).FullName;
        if (!Run("mount", "-t", "tmpfs", "-o", $"size={kibibytes}k", "tmpfs", path))
            Assert.Skip("Mounting is not permitted here.");
        return new SmallDisk(path);
    }

    /// <summary>Makes the disk read-only.</summary>
    public void MakeReadOnly() =>
        Assert.True(Run("mount", "-o", "remount,ro", Path), "the disk could not be made read-only");

    public void Dispose() => Run("umount", Path);

    private static bool Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(
            new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
