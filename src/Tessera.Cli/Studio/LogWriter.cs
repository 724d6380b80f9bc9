using System.Text;
using Tessera.Files;

namespace Tessera.Cli.Studio;

/// <summary>
/// Writes text to a file as long as that succeeds: a run goes on when its log cannot be written, as on a full disk.
/// </summary>
internal sealed class LogWriter : TextWriter
{
    private StreamWriter? _file;

    /// <summary>Appends to a file.</summary>
    public LogWriter(string path) => Try(() => _file = new StreamWriter(
        new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete), Encoding)
    { AutoFlush = true });

    public override Encoding Encoding { get; } = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

    public override void Write(char value) => Try(() => _file?.Write(value));

    public override void Write(string? value) => Try(() => _file?.Write(value));

    public override void Write(char[] buffer, int index, int count) => Try(() => _file?.Write(buffer, index, count));

    private void Try(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            // Not disposed, which would write again what is left in its buffer.
            _file = null;
        }
    }
}
