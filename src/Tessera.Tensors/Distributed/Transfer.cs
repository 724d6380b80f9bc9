namespace Tessera.Tensors.Distributed;

/// <summary>A message to and from all ranks that is on its way (<see cref="Collective"/>).</summary>
public abstract class Transfer
{
    /// <summary>One that has arrived.</summary>
    public static Transfer Arrived { get; } = new ArrivedTransfer();

    /// <summary>Whether it has arrived. It may need to be asked now and then to go on.</summary>
    public abstract bool HasArrived();

    /// <summary>Returns when it has arrived.</summary>
    public abstract void Wait();

    private sealed class ArrivedTransfer : Transfer
    {
        public override bool HasArrived() => true;

        public override void Wait()
        {
        }
    }
}
