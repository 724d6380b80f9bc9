namespace Tessera.Training;

/// <summary>What moves a model's weights.</summary>
public enum OptimizerKind
{
    /// <summary><see cref="Tensors.Optim.Adam"/>, as the seed's.</summary>
    Adam,

    /// <summary><see cref="Tensors.Optim.Muon"/>, and Adam for what is no matrix.</summary>
    Muon,
}
