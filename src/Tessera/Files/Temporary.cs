using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Tessera.Files;

/// <summary>
/// Temporary files and folders beside their targets, on the same file system, so that a rename moves them into place.
/// Their names (<c>.tessera-RANDOM.tmp-PROCESS</c>) identify leftovers of a crash.
/// </summary>
internal static class Temporary
{
    private const string Prefix = ".tessera-", Infix = ".tmp-";

    /// <summary>
    /// An unused name beside <paramref name="path"/>; its length does not depend on the target's name.
    /// </summary>
    public static string Beside(string path) => Path.Combine(
        Path.GetDirectoryName(path) ?? path,
        string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Guid.NewGuid():N}{Infix}{Environment.ProcessId}"));

    /// <summary>True if the name is that of a temporary whose process has ended.</summary>
    public static bool IsStale(string name)
    {
        int infix = name.LastIndexOf(Infix, StringComparison.Ordinal);
        if (!name.StartsWith(Prefix, StringComparison.Ordinal) || infix < 0) return false;
        ReadOnlySpan<char> process = name.AsSpan(infix + Infix.Length);
        return int.TryParse(process, NumberStyles.None, CultureInfo.InvariantCulture, out int id)
            && !IsOtherLiveProcess(id);
    }

    /// <summary>Deletes the file or folder if possible; failures are ignored.</summary>
    public static void Delete(string path)
    {
        try
        {
            if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
            else File.Delete(path);
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
        }
    }

    /// <summary>
    /// A temporary with this process's own id counts as one of an earlier process: in a container every run may have
    /// the same id.
    /// </summary>
    private static bool IsOtherLiveProcess(int id)
    {
        if (id == Environment.ProcessId) return false;
        try
        {
            using var process = Process.GetProcessById(id);
            return !process.HasExited;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return false;
        }
        catch (Win32Exception)
        {
            // The process exists, but we may not query it.
            return true;
        }
    }
}
