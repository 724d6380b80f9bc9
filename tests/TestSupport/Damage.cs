using FsCheck;
using FsCheck.Fluent;
using Microsoft.FSharp.Core;

namespace Tessera.TestSupport;

/// <summary>One change to a file. Places are parts of its length, so that a change means something for a file of any size.</summary>
/// <param name="Kind">Which change, 0 to <see cref="Damage.Kinds"/> - 1.</param>
/// <param name="Place">Where, in parts of 65536 of the file.</param>
/// <param name="Length">How many bytes, 0 to 40.</param>
/// <param name="Value">A byte.</param>
internal sealed record Change(int Kind, int Place, int Length, byte Value);

/// <summary>Files that are fed to readers after they were damaged at random (property tests by FsCheck).</summary>
internal static class Damage
{
    /// <summary>How many kinds of changes there are.</summary>
    public const int Kinds = 7;

    private const int Tests = 1000;

    // What reading costs beside the file: objects, messages, buffers.
    private const long SparedBytes = 8 << 20, BytesPerByte = 256;

    // The same cases in every run; FsCheck makes a failure as small as it can and prints its changes.
    private static readonly Replay Seed = new(new Rnd(20171102, 3), FSharpOption<int>.None);

    private static readonly Gen<Change> AnyChange =
        from kind in Gen.Choose(0, Kinds - 1)
        from place in Gen.Choose(0, ushort.MaxValue)
        from length in Gen.Choose(0, 40)
        from value in Gen.Choose(0, byte.MaxValue)
        select new Change(kind, place, length, (byte)value);

    private static readonly Arbitrary<Change[]> Changes = Arb.From(
        Gen.Choose(1, 4).SelectMany(count => AnyChange.ArrayOf(count)),
        changes => Enumerable.Range(0, changes.Length).Where(_ => changes.Length > 1)
            .Select(left => changes.Where((_, i) => i != left).ToArray()));

    /// <summary>
    /// Asserts that whatever is done to a good file, a reader reads it or throws its own exception, of one line that names the
    /// source, and takes memory in proportion to the file.
    /// </summary>
    /// <typeparam name="TException">The reader's own exception.</typeparam>
    /// <param name="good">A file that is read well.</param>
    /// <param name="source">What the exception must name.</param>
    /// <param name="read">Reads a file.</param>
    public static void IsSurvived<TException>(byte[] good, string source, Action<byte[]> read) where TException : Exception
    {
        // Once before memory is measured, and to be sure that it is good.
        read(good);
        int refused = 0;
        Prop.ForAll(Changes, changes =>
        {
            byte[] file = Apply(good, changes);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                read(file);
            }
            catch (TException e)
            {
                refused++;
                Assert.Contains(source, e.Message, StringComparison.Ordinal);
                Assert.DoesNotContain('\n', e.Message);
            }
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(
                allocated <= SparedBytes + BytesPerByte * file.Length, $"A file of {file.Length} bytes made it allocate {allocated}.");
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(Tests).WithReplay(Seed).WithQuietOnSuccess(true));
        Assert.True(refused >= Tests / 10, $"Only {refused} of {Tests} damaged files were refused: are they damaged at all?");
    }

    private static byte[] Apply(byte[] file, Change[] changes) => changes.Aggregate(file, Apply);

    private static byte[] Apply(byte[] file, Change change)
    {
        int place = (int)((long)change.Place * file.Length >> 16), end = Math.Min(place + change.Length, file.Length);
        byte[] before = file[..place], part = file[place..end], after = file[end..];
        return change.Kind switch
        {
            0 => [.. before, .. part.Select((b, i) => i == 0 ? change.Value : b), .. after],
            1 => before,
            2 => [.. before, .. after],
            3 => [.. before, .. part, .. part, .. after],
            // Sizes become huge, or negative, or nothing.
            4 => [.. before, .. part.Select(_ => (byte)(change.Value % 3 == 0 ? 0xFF : change.Value % 3 == 1 ? 0x7F : 0)), .. after],
            5 => [.. before, .. part.Select(b => char.IsAsciiDigit((char)b) ? (byte)('0' + change.Value % 10) : b), .. after],
            _ => [.. before, .. Enumerable.Repeat(change.Value, change.Length), .. part, .. after],
        };
    }
}
