using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Tessera.Tests.Api;

/// <summary>
/// The public and protected members of an assembly, a line each, sorted by type and name. Overrides and what the
/// compiler adds to records are left out: they follow from the rest.
/// </summary>
internal static class PublicApi
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static
        | BindingFlags.DeclaredOnly;

    public static IReadOnlyList<string> Of(Assembly assembly) =>
    [
        .. assembly.GetExportedTypes()
            .SelectMany(type => MembersOf(type).Select(member => $"{FullName(type)}{member}"))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>The name of a type without namespace and type parameters: List, Row.Kind.</summary>
    public static string NameOf(Type type) => type.Name.Split('`')[0];

    private static string FullName(Type type) => type.IsNested
        ? $"{FullName(type.DeclaringType!)}.{type.Name}"
        : $"{type.Namespace}.{NameOf(type)}{ParametersOf(type.GetGenericArguments())}";

    private static IEnumerable<string> MembersOf(Type type)
    {
        yield return $" : {KindOf(type)}{BasesOf(type)}{ConstraintsOf(type.GetGenericArguments())}";
        if (typeof(Delegate).IsAssignableFrom(type))
        {
            MethodInfo invoke = type.GetMethod("Invoke")!;
            yield return $"{Parameters(invoke)} : {TypeNames.Of(invoke.ReturnParameter)}";
            yield break;
        }
        foreach (FieldInfo field in type.GetFields(Declared).Where(field => !field.IsSpecialName))
        {
            if (Access(field.IsPublic, field.IsFamily || field.IsFamilyOrAssembly) is not { } access) continue;
            if (type.IsEnum) yield return $".{field.Name} = {Convert.ToInt64(field.GetRawConstantValue(), null)}";
            else if (field.IsLiteral)
                yield return $".{field.Name} = {Literal(field.GetRawConstantValue())} : "
                    + $"{access}const {TypeNames.Of(field)}";
            else
                yield return $".{field.Name} : {access}{(field.IsStatic ? "static " : "")}"
                    + $"{(field.IsInitOnly ? "readonly " : "")}{TypeNames.Of(field)}";
        }
        foreach (ConstructorInfo constructor in type.GetConstructors(Declared).Where(c => !c.IsStatic))
        {
            // The copy constructor of a record is the compiler's.
            if (IsGenerated(constructor)) continue;
            if (AccessOf(constructor) is { } access)
                yield return $".{NameOf(type)}{Parameters(constructor)} : {access}constructor";
        }
        foreach (PropertyInfo property in type.GetProperties(Declared))
        {
            if (property.Name == "EqualityContract") continue;
            MethodInfo?[] accessors = [property.GetMethod, property.SetMethod];
            MethodInfo? first = accessors.FirstOrDefault(method => method is not null && AccessOf(method) is not null);
            if (first is null || IsOverride(first)) continue;
            string name = property.GetIndexParameters().Length == 0 ? property.Name : $"this{Indexer(property)}";
            yield return $".{name} {{{Accessors(property, AccessOf(first)!)} }} : "
                + $"{AccessOf(first)}{Modifiers(first)}{TypeNames.Of(property)}";
        }
        foreach (MethodInfo method in type.GetMethods(Declared))
        {
            bool isOperator = method.Name.StartsWith("op_", StringComparison.Ordinal);
            if (AccessOf(method) is not { } access || (method.IsSpecialName && !isOperator)) continue;
            if (IsGenerated(method) || IsOverride(method) || method.Name.Contains('<')) continue;
            string generic = method.IsGenericMethod ? ParametersOf(method.GetGenericArguments()) : "";
            yield return $".{method.Name}{generic}{Parameters(method)} : {access}{Modifiers(method)}"
                + $"{TypeNames.Of(method.ReturnParameter)}"
                + (method.IsGenericMethod ? ConstraintsOf(method.GetGenericArguments()) : "");
        }
    }

    private static string KindOf(Type type)
    {
        if (type.IsEnum) return "enum";
        if (type.IsInterface) return "interface";
        if (typeof(Delegate).IsAssignableFrom(type)) return "delegate";
        if (type.IsValueType)
            return $"{(type.IsDefined(typeof(IsReadOnlyAttribute)) ? "readonly " : "")}"
                + $"{(type.IsByRefLike ? "ref " : "")}struct";
        string kind = type.GetMethod("<Clone>$") is null ? "class" : "record";
        if (type is { IsAbstract: true, IsSealed: true }) return "static class";
        return (type.IsAbstract ? "abstract " : type.IsSealed ? "sealed " : "") + kind;
    }

    private static string BasesOf(Type type)
    {
        if (type.IsEnum || typeof(Delegate).IsAssignableFrom(type)) return "";
        var bases = new List<string>();
        if (type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType))
            bases.Add(TypeNames.Of(parent));
        IEnumerable<Type> interfaces = type.GetInterfaces().Except(type.BaseType?.GetInterfaces() ?? [])
            .Where(one => one.IsPublic
                && !(one.IsGenericType && one.GetGenericTypeDefinition() == typeof(IEquatable<>)));
        bases.AddRange(interfaces.Select(TypeNames.Of).Order(StringComparer.Ordinal));
        return bases.Count == 0 ? "" : $", {string.Join(", ", bases)}";
    }

    private static string? AccessOf(MethodBase method) =>
        Access(method.IsPublic, method.IsFamily || method.IsFamilyOrAssembly);

    private static string? Access(bool isPublic, bool isProtected) => isPublic ? "" : isProtected ? "protected " : null;

    private static bool IsGenerated(MethodBase method) => method.IsDefined(typeof(CompilerGeneratedAttribute));

    private static bool IsOverride(MethodInfo method) =>
        method.GetBaseDefinition().DeclaringType != method.DeclaringType
        // An override with a more derived result.
        || method.IsDefined(typeof(PreserveBaseOverridesAttribute));

    private static string Modifiers(MethodInfo method) =>
        method.IsStatic ? "static " : method.IsAbstract ? "abstract " : method is { IsVirtual: true, IsFinal: false }
            ? "virtual " : "";

    private static string Accessors(PropertyInfo property, string access)
    {
        string text = "";
        (MethodInfo?, string)[] accessors = [(property.GetMethod, "get"), (property.SetMethod, "set")];
        foreach ((MethodInfo? method, string name) in accessors)
        {
            if (method is null || AccessOf(method) is not { } own) continue;
            bool isInit = method.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit));
            text += $" {(own == access ? "" : own)}{(isInit ? "init" : name)};";
        }
        return text + (property.IsDefined(typeof(RequiredMemberAttribute)) ? " required;" : "");
    }

    private static string Indexer(PropertyInfo property) =>
        $"[{string.Join(", ", property.GetIndexParameters().Select(Parameter))}]";

    private static string Parameters(MethodBase method)
    {
        string extended = method.IsDefined(typeof(ExtensionAttribute)) ? "this " : "";
        return $"({extended}{string.Join(", ", method.GetParameters().Select(Parameter))})";
    }

    private static string Parameter(ParameterInfo parameter)
    {
        string way = parameter.IsIn ? "in " : parameter.IsOut ? "out " : parameter.ParameterType.IsByRef ? "ref "
            : parameter.IsDefined(typeof(ParamArrayAttribute)) || parameter.IsDefined(typeof(ParamCollectionAttribute))
                ? "params " : "";
        string text = $"{way}{TypeNames.Of(parameter)} {parameter.Name}";
        if (!parameter.HasDefaultValue) return text;
        Type type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
        object? value = parameter.RawDefaultValue;
        if (value is null) return $"{text} = {(parameter.ParameterType.IsValueType
            && Nullable.GetUnderlyingType(parameter.ParameterType) is null ? "default" : "null")}";
        return $"{text} = {(type.IsEnum ? $"{type.Name}.{Enum.ToObject(type, value)}" : Literal(value))}";
    }

    private static string Literal(object? value) => value switch
    {
        null => "null",
        string text => $"\"{text}\"",
        bool flag => flag ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string ParametersOf(Type[] parameters) =>
        parameters.Length == 0 ? "" : $"<{string.Join(", ", parameters.Select(parameter => parameter.Name))}>";

    private static string ConstraintsOf(Type[] parameters)
    {
        string text = "";
        foreach (Type parameter in parameters.Where(parameter => parameter.IsGenericParameter))
        {
            GenericParameterAttributes attributes = parameter.GenericParameterAttributes;
            var all = new List<string>();
            bool isValue = attributes.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint);
            if (parameter.GetCustomAttributes().Any(one => one.GetType().Name == "IsUnmanagedAttribute"))
                all.Add("unmanaged");
            else if (isValue) all.Add("struct");
            if (attributes.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint)) all.Add("class");
            all.AddRange(parameter.GetGenericParameterConstraints().Where(type => type != typeof(ValueType))
                .Select(TypeNames.Of));
            if (!isValue && attributes.HasFlag(GenericParameterAttributes.DefaultConstructorConstraint))
                all.Add("new()");
            if (all.Count > 0) text += $" where {parameter.Name} : {string.Join(", ", all)}";
        }
        return text;
    }
}
