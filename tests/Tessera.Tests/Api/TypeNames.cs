using System.Reflection;

namespace Tessera.Tests.Api;

/// <summary>Types as C# writes them, without namespaces: <c>IReadOnlyList&lt;int&gt;?</c>.</summary>
internal static class TypeNames
{
    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(object)] = "object",
        [typeof(string)] = "string",
        [typeof(bool)] = "bool",
        [typeof(byte)] = "byte",
        [typeof(char)] = "char",
        [typeof(short)] = "short",
        [typeof(ushort)] = "ushort",
        [typeof(int)] = "int",
        [typeof(uint)] = "uint",
        [typeof(long)] = "long",
        [typeof(ulong)] = "ulong",
        [typeof(float)] = "float",
        [typeof(double)] = "double",
    };

    public static string Of(ParameterInfo parameter) =>
        Of(parameter.ParameterType, new NullabilityInfoContext().Create(parameter));

    public static string Of(PropertyInfo property) =>
        Of(property.PropertyType, new NullabilityInfoContext().Create(property));

    public static string Of(FieldInfo field) => Of(field.FieldType, new NullabilityInfoContext().Create(field));

    public static string Of(Type type) => Of(type, nullability: null);

    private static string Of(Type type, NullabilityInfo? nullability)
    {
        if (type.IsByRef) return Of(type.GetElementType()!, nullability);
        if (Nullable.GetUnderlyingType(type) is { } value) return $"{Of(value, nullability: null)}?";
        // A type parameter without a constraint counts as nullable.
        bool isNull = nullability is { ReadState: NullabilityState.Nullable } && !type.IsValueType
            && !type.IsGenericParameter;
        string mark = isNull ? "?" : "";
        if (type.IsArray) return $"{Of(type.GetElementType()!, nullability?.ElementType)}[]{mark}";
        if (Keywords.TryGetValue(type, out string? keyword)) return keyword + mark;
        if (!type.IsGenericType) return type.Name + mark;
        Type[] arguments = type.GetGenericArguments();
        IEnumerable<string> names = arguments.Select((argument, i) => Of(
            argument, nullability?.GenericTypeArguments is { } all && i < all.Length ? all[i] : null));
        return type.FullName?.StartsWith("System.ValueTuple`", StringComparison.Ordinal) == true
            ? $"({string.Join(", ", names)})"
            : $"{PublicApi.NameOf(type)}<{string.Join(", ", names)}>{mark}";
    }
}
