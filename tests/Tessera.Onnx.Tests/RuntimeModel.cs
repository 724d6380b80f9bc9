using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Tessera.Onnx.Tests;

/// <summary>A model file, opened in ONNX Runtime.</summary>
internal sealed class RuntimeModel : IDisposable
{
    private readonly SessionOptions _options = new()
    {
        LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        IntraOpNumThreads = 1,    // Test classes already run in parallel.
    };

    private readonly InferenceSession _session;

    public RuntimeModel(string path) => _session = new InferenceSession(path, _options);

    /// <summary>The metadata of the model.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _session.ModelMetadata.CustomMetadataMap;

    /// <summary>
    /// The inputs, then the outputs, each as KIND NAME TYPE SIZE,SIZE,... with dynamic sizes by name.
    /// </summary>
    public IEnumerable<string> Declared =>
        _session.InputMetadata.Select(input => Describe("input", input.Key, input.Value))
            .Concat(_session.OutputMetadata.Select(output => Describe("output", output.Key, output.Value)));

    /// <summary>Runs a model file with one input once.</summary>
    public static Dictionary<string, Value> Run<T>(string path, T[] input, params int[] sizes) where T : unmanaged
    {
        using var model = new RuntimeModel(path);
        return model.Run(input, sizes);
    }

    /// <summary>Runs the model on the elements of its only input, and returns the outputs by name.</summary>
    public Dictionary<string, Value> Run<T>(T[] input, params int[] sizes) where T : unmanaged =>
        Run((Assert.Single(_session.InputNames), new Value(sizes, input)));

    /// <summary>Runs the model on its inputs, and returns the outputs by name.</summary>
    public Dictionary<string, Value> Run(params (string Name, Value Value)[] inputs)
    {
        OrtValue[] values = Array.ConvertAll(inputs, input => Make(input.Value));
        try
        {
            using var options = new RunOptions();
            IReadOnlyList<string> names = _session.OutputNames;
            using IDisposableReadOnlyCollection<OrtValue> outputs =
                _session.Run(options, Array.ConvertAll(inputs, input => input.Name), values, names);
            return names.Zip(outputs).ToDictionary(pair => pair.First, pair => Read(pair.Second));
        }
        finally
        {
            foreach (OrtValue value in values) value.Dispose();
        }
    }

    public void Dispose()
    {
        _session.Dispose();
        _options.Dispose();
    }

    private static OrtValue Make(Value input)
    {
        long[] sizes = Array.ConvertAll(input.Sizes, size => (long)size);
        return input.Elements is long[] integers
            ? OrtValue.CreateTensorValueFromMemory(integers, sizes)
            : OrtValue.CreateTensorValueFromMemory(input.As<float>(), sizes);
    }

    private static Value Read(OrtValue output)
    {
        OrtTensorTypeAndShapeInfo info = output.GetTensorTypeAndShape();
        int[] sizes = Array.ConvertAll(info.Shape, size => checked((int)size));
        return info.ElementDataType switch
        {
            TensorElementType.Float => new Value(sizes, output.GetTensorDataAsSpan<float>().ToArray()),
            TensorElementType.Int64 => new Value(sizes, output.GetTensorDataAsSpan<long>().ToArray()),
            _ => throw new NotSupportedException($"An output holds {info.ElementDataType}."),
        };
    }

    private static string Describe(string kind, string name, NodeMetadata node)
    {
        IEnumerable<string> sizes = node.Dimensions.Zip(
            node.SymbolicDimensions, (size, symbol) => symbol.Length > 0 ? symbol : $"{size}");
        return $"{kind} {name} {node.ElementDataType} {string.Join(',', sizes)}";
    }
}

/// <summary>An input or output of a model.</summary>
/// <param name="Sizes">The sizes.</param>
/// <param name="Elements">The elements: a <c>float[]</c> or a <c>long[]</c>, as the model declares.</param>
internal sealed record Value(int[] Sizes, Array Elements)
{
    /// <summary>The elements, which must be of this type.</summary>
    public T[] As<T>() where T : unmanaged => Assert.IsType<T[]>(Elements);
}
