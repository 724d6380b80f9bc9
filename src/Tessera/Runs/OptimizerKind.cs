namespace Tessera.Runs;

/// <summary>The optimizer of a run.</summary>
public enum OptimizerKind
{
    /// <summary><see cref="Tensors.Optim.Adam"/>, as in the reference notebook.</summary>
    Adam,

    /// <summary>
    /// <see cref="Tensors.Optim.Muon"/> for convolution weights with at least 16 channels in and out, Adam for all
    /// other parameters.
    /// </summary>
    Muon,
}
