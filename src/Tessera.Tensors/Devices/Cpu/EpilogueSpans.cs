namespace Tessera.Tensors.Devices.Cpu;

/// <summary>An <see cref="Epilogue"/> as the kernels see it; an empty span stands for none.</summary>
internal readonly ref struct EpilogueSpans
{
    public ReadOnlySpan<float> Bias { get; init; }
    public ReadOnlySpan<float> Addend { get; init; }
    public ReadOnlySpan<float> Gate { get; init; }
    public bool Relu { get; init; }
}
