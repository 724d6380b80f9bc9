using Tessera.Models;
using Tessera.Tensors;
using Tessera.Tensors.IO;

namespace Tessera.Runs;

/// <summary>Tensors of a run in a safetensors file: the weights, or the state of the optimizer.</summary>
internal static class StateFile
{
    /// <summary>Writes tensors by name.</summary>
    public static void Write(string path, IEnumerable<(string Name, Tensor Tensor)> tensors) =>
        SafeTensors.Write(path, ModelFile.Entries(tensors));

    /// <summary>Reads tensors by name from a file that must hold exactly these.</summary>
    /// <exception cref="InputException">The file is missing, damaged, or holds others.</exception>
    public static void ReadInto(string path, IEnumerable<(string Name, Tensor Tensor)> tensors) =>
        ModelFile.ReadInto(path, tensors);
}
