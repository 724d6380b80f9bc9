using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Tessera.Onnx.Tests;

/// <summary>A model file with one input, opened in ONNX Runtime.</summary>
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

    /// <summary>Runs a model file once.</summary>
    public static Dictionary<string, Value> Run<T>(string path, T[] input, params int[] sizes) where T : unmanaged
    {
        using var model = new RuntimeModel(path);
        return model.Run(input, sizes);
    }

    /// <summary>Runs the model on the elements of its input, and returns the outputs by name.</summary>
    public Dictionary<string, Value> Run<T>(T[] input, params int[] sizes) where T : unmanaged
    {
        string name = Assert.Single(_session.InputNames);
        using OrtValue value = OrtValue.CreateTensorValueFromMemory(input, Array.ConvertAll(sizes, size => (long)size));
        using var options = new RunOptions();
        IReadOnlyList<string> names = _session.OutputNames;
        using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(options, [name], [value], names);
        return names.Zip(outputs).ToDictionary(pair => pair.First, pair => Read(pair.Second));
    }

    public void Dispose()
    {
        _session.Dispose();
        _options.Dispose();
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

/// <summary>An output of a model.</summary>
/// <param name="Sizes">The sizes.</param>
/// <param name="Elements">The elements: a <c>float[]</c> or a <c>long[]</c>, as the model declares.</param>
internal sealed record Value(int[] Sizes, Array Elements)
{
    /// <summary>The elements, which must be of this type.</summary>
    public T[] As<T>() where T : unmanaged => Assert.IsType<T[]>(Elements);
}
