namespace Tessera.Tensors.IO;

/// <summary>The element types that can be read, by their safetensors names.</summary>
internal enum ElementType { F32, F64, F16, BF16, I32, I64 }

internal static class ElementTypes
{
    /// <summary>The bytes of one element in the file.</summary>
    public static int Bytes(this ElementType type) => type switch
    {
        ElementType.F16 or ElementType.BF16 => 2,
        ElementType.F32 or ElementType.I32 => 4,
        ElementType.F64 or ElementType.I64 => 8,
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    /// <summary>Whether elements are read as integers.</summary>
    public static bool IsInteger(this ElementType type) => type is ElementType.I32 or ElementType.I64;
}
