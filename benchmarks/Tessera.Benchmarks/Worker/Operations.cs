namespace Tessera.Benchmarks.Worker;

/// <summary>The operations of a worker by name and arguments; each is created on first use.</summary>
/// <param name="make">
/// Creates an operation from its words and the numbers among them, or throws an <see cref="ArgumentException"/>.
/// </param>
internal sealed class Operations(Func<string[], int[], Operation> make)
{
    private readonly Dictionary<string, Operation> _made = [];

    /// <summary>Finds an operation.</summary>
    /// <param name="words">Its name and arguments.</param>
    /// <exception cref="ArgumentException">No operation has that name and as many arguments.</exception>
    public Operation Find(string[] words)
    {
        string name = string.Join(' ', words);
        if (_made.TryGetValue(name, out Operation? operation)) return operation;
        int[] numbers = [.. words.Skip(1).Where(word => char.IsAsciiDigit(word[0])).Select(WorkerLoop.Whole)];
        return _made[name] = make(words, numbers);
    }
}
