namespace Tessera.Tensors.Devices.Cpu;

/// <summary>An <see cref="Epilogue"/> for the kernels; an empty span means none.</summary>
internal readonly ref struct EpilogueSpans
{
    public ReadOnlySpan<float> Bias { get; init; }
    public ReadOnlySpan<float> Addend { get; init; }
    public Activation Activation { get; init; }
    public ReadOnlySpan<float> Gate { get; init; }
    public Span<float> Argument { get; init; }
}
