using FsCheck;
using FsCheck.Fluent;
using Microsoft.FSharp.Core;

namespace Tessera.TestSupport;

/// <summary>One change to a file. The place is relative to the length, so a change fits a file of any size.</summary>
/// <param name="Kind">The kind of change, 0 to <see cref="Damage.Kinds"/> - 1.</param>
/// <param name="Place">The place, in 65536ths of the file.</param>
/// <param name="Length">The number of bytes, 0 to 40.</param>
/// <param name="Value">A byte.</param>
internal sealed record Change(int Kind, int Place, int Length, byte Value);

/// <summary>Runs readers on randomly damaged files (property tests with FsCheck).</summary>
internal static class Damage
{
    /// <summary>The number of kinds of changes.</summary>
    public const int Kinds = 7;

    private const int Tests = 1000;

    // The memory that reading may take: objects, messages, buffers.
    private const long SparedBytes = 8 << 20, BytesPerByte = 256;

    // The same cases in every run. FsCheck reduces a failure to few changes and prints them.
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
    /// Asserts that a reader of a damaged file reads it or throws its own exception, with a message of one line that
    /// names the source, and takes memory in proportion to the file.
    /// </summary>
    /// <typeparam name="TException">The reader's own exception.</typeparam>
    /// <param name="good">A valid file.</param>
    /// <param name="source">What the exception must name.</param>
    /// <param name="read">Reads a file.</param>
    public static void IsSurvived<TException>(byte[] good, string source, Action<byte[]> read)
        where TException : Exception
    {
        // Once before memory is measured, and to check that the file is valid.
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
                allocated <= SparedBytes + BytesPerByte * file.Length,
                $"A file of {file.Length} bytes made it allocate {allocated}.");
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(Tests).WithReplay(Seed).WithQuietOnSuccess(true));
        Assert.True(
            refused >= Tests / 10,
            $"Only {refused} of {Tests} damaged files were refused; the damage may have no effect.");
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
            // Sizes become huge, negative or zero.
            4 => [.. before, .. part.Select(_ => Extreme(change.Value)), .. after],
            5 => [.. before, .. part.Select(b => WithDigit(b, change.Value)), .. after],
            _ => [.. before, .. Enumerable.Repeat(change.Value, change.Length), .. part, .. after],
        };
    }

    private static byte Extreme(byte value) => (value % 3) switch { 0 => 0xFF, 1 => 0x7F, _ => 0 };

    private static byte WithDigit(byte b, byte value) => char.IsAsciiDigit((char)b) ? (byte)('0' + value % 10) : b;
}
