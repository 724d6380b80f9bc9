using System.Xml.Linq;

namespace Tessera.Tensors.Tests;

/// <summary>Compares the table of docs/dependencies.md with the packages that the projects reference.</summary>
public sealed class DependencyTests
{
    private const string Document = "docs/dependencies.md";
    private const string Heading = "| package | version | licence | used by | what for |";

    /// <summary>The top folders with projects, and their names in the table.</summary>
    private static readonly (string Folder, string User)[] Folders =
        [("src", "program"), ("samples", "samples"), ("tests", "tests"), ("benchmarks", "benchmarks")];

    [Fact]
    public void The_table_has_the_packages_and_versions_of_the_build()
    {
        XDocument central = XDocument.Load(Repository.PathOf("Directory.Packages.props"));
        string[] inBuild =
        [
            .. central.Descendants("PackageVersion")
                .Select(package => $"{package.Attribute("Include")!.Value} {package.Attribute("Version")!.Value}"),
        ];
        string[] inTable = [.. Rows().Select(row => $"{row.Package} {row.Version}")];
        AssertNone(inBuild.Except(inTable), $"these are in Directory.Packages.props but not in {Document}");
        AssertNone(inTable.Except(inBuild), $"these are in {Document} but not in Directory.Packages.props");
        AssertNone(Repeated(inTable), $"{Document} lists these more than once");
    }

    [Fact]
    public void Each_package_is_used_where_the_table_says()
    {
        string[] inProjects = [.. References().Distinct()];
        string[] inTable =
            [.. Rows().SelectMany(row => row.UsedBy.Split(", ").Select(user => $"{row.Package}: {user}"))];
        AssertNone(inProjects.Except(inTable), $"the projects use these, but {Document} does not say so");
        AssertNone(inTable.Except(inProjects), $"{Document} says that these are used, but no project uses them");
    }

    [Fact]
    public void Each_row_says_the_licence_and_what_the_package_is_for() =>
        AssertNone(
            Rows().Where(row => row.Licence.Length == 0 || row.WhatFor.Length == 0).Select(row => row.Package),
            $"these rows of {Document} lack a licence or a purpose");

    // PACKAGE: USER for each reference in the project files and the props files that they import.
    private static IEnumerable<string> References() =>
        from top in Folders
        from file in Directory.EnumerateFiles(Repository.PathOf(top.Folder), "*.*", SearchOption.AllDirectories)
        where Path.GetExtension(file) is ".csproj" or ".props" && !IsBuildOutput(file)
        from reference in XDocument.Load(file).Descendants("PackageReference")
        let user = reference.Attribute("PrivateAssets")?.Value == "all" ? "build" : top.User
        select $"{reference.Attribute("Include")!.Value}: {user}";

    private static bool IsBuildOutput(string path) =>
        path.Replace('\\', '/').Split('/').Any(part => part is "bin" or "obj");

    private static IEnumerable<string> Repeated(string[] lines) =>
        lines.GroupBy(line => line).Where(group => group.Count() > 1).Select(group => group.Key);

    private static Row[] Rows()
    {
        string[] lines = File.ReadAllLines(Repository.PathOf(Document.Split('/')));
        int heading = Array.IndexOf(lines, Heading);
        Assert.True(heading >= 0, $"{Document} has no table with the heading \"{Heading}\".");
        Row[] rows = [.. lines.Skip(heading + 2).TakeWhile(line => line.StartsWith('|')).Select(Row.Parse)];
        Assert.NotEmpty(rows);
        return rows;
    }

    private static void AssertNone(IEnumerable<string> faults, string message)
    {
        string[] all = [.. faults];
        Assert.True(all.Length == 0, $"{message}: {string.Join("; ", all)}.");
    }

    private sealed record Row(string Package, string Version, string Licence, string UsedBy, string WhatFor)
    {
        public static Row Parse(string line)
        {
            string[] cells = [.. line.Trim('|', ' ').Split('|').Select(cell => cell.Trim())];
            Assert.True(cells.Length == 5, $"This row of {Document} has {cells.Length} cells instead of 5: {line}");
            return new Row(cells[0], cells[1], cells[2], cells[3], cells[4]);
        }
    }
}
