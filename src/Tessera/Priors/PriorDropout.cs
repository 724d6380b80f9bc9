using Tessera.Tensors;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Random;

namespace Tessera.Priors;

/// <summary>
/// Dropout at one place of a prior. It drops in training only: once the model shares the block of an update.
/// </summary>
internal sealed class PriorDropout(float rate, ulong seed, int place)
{
    // Room for the updates, which are 32-bit numbers on the device, of each place.
    private readonly ulong _stream = RandomStreams.Dropout + ((ulong)place << 40);

    /// <summary>The number of the update on the device; null outside training.</summary>
    public Storage<int>? Update { get; set; }

    /// <summary>Drops numbers of x on a recording tape.</summary>
    public Tensor Apply(Tensor x) => IsOn(x)
        ? x.Dropout(new DropoutMask(rate, seed, _stream, Update!, x.Tape!.Share?.FirstElementOf(x) ?? 0))
        : x;

    /// <summary>Adds a linear map of y, some of whose numbers are dropped, to x.</summary>
    public Tensor AddTo(Tensor x, Linear map, Tensor y) =>
        IsOn(x) ? x.Add(Apply(map.Forward(y))) : map.Forward(y, addend: x);

    private bool IsOn(Tensor x) => rate > 0 && Update is not null && x.Tape is { Recording: true };
}
