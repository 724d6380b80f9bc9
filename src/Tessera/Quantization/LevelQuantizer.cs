using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;

namespace Tessera.Quantization;

/// <summary>
/// A quantizer without a codebook: each dimension is rounded to one of its levels, and a code is the number with the
/// levels as its digits. Gradients pass straight through the rounding. Derived classes say what is rounded and what the
/// loss is.
/// </summary>
public abstract class LevelQuantizer : Quantizer
{
    private readonly int _codes;
    private readonly Tensor _grid;

    /// <summary>Creates the quantizer.</summary>
    /// <param name="codes">Codes: the product of the numbers of levels.</param>
    /// <param name="grid">
    /// The numbers of levels, the steps and the origins, <c>[3, dimensions]</c>; see <see
    /// cref="Tensors.Devices.LevelGrid"/>.
    /// </param>
    /// <param name="initializer">Names the device.</param>
    protected LevelQuantizer(int codes, float[] grid, Initializer initializer)
    {
        _codes = codes;
        _grid = Workspace(initializer.Zeros([3, grid.Length / 3]));
        _grid.CopyFrom(grid);
    }

    internal override Device Device => _grid.Device;

    /// <inheritdoc/>
    public sealed override Quantized Quantize(Tensor z, bool training)
    {
        Tensor u = ToLatents(z);
        Tensor e = u.RoundToLevels(_grid, _codes, out Indices codes);
        return new Quantized(PassGradient(u, e), Loss(u, e, training), codes, u);
    }

    /// <inheritdoc/>
    public sealed override Indices FindCodes(Tensor z) => z.OnTape(x => FindIn(ToLatents(x)));

    /// <inheritdoc/>
    protected internal sealed override Indices FindIn(Tensor u)
    {
        u.RoundToLevels(_grid, _codes, out Indices codes);
        return codes;
    }

    /// <inheritdoc/>
    public sealed override Tensor Lookup(Indices codes) => codes.OnTape(x => x.LookUpLevels(_grid));

    /// <inheritdoc/>
    public sealed override Tensor Codebook(Tape tape) =>
        tape.Indices([.. Enumerable.Range(0, _codes)], [_codes], _codes).LookUpLevels(_grid);

    /// <summary>
    /// The quantizer's part of the loss, a scalar. Terms that spread the codes belong to training steps alone.
    /// </summary>
    /// <param name="u">The vectors that were rounded.</param>
    /// <param name="e">The codes' vectors.</param>
    /// <param name="training">Whether this is a training step.</param>
    protected abstract Tensor Loss(Tensor u, Tensor e, bool training);

    /// <summary>A loss of 0.</summary>
    /// <param name="like">A tensor on the tape.</param>
    private protected static Tensor NoLoss(Tensor like)
    {
        Tensor none = Tape.Result([], like.Detach());
        none.Fill(0);
        return none;
    }
}
