using Tessera.Data;

namespace Tessera.Tests.Data;

public sealed class DataFoldersTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void On_Linux_the_cache_is_that_of_the_XDG_specification()
    {
        string cache = _folder["cache"], home = _folder["home"];
        string inHome = Path.Combine(home, ".cache", "tessera");
        Assert.Equal(
            [Path.Combine(cache, "tessera")], List(null, new() { ["XDG_CACHE_HOME"] = cache }, home, isLinux: true));
        Assert.Equal([inHome], List(null, [], home, isLinux: true));
        Assert.Equal([inHome], List(null, new() { ["XDG_CACHE_HOME"] = "relative" }, home, isLinux: true));
        Assert.Equal([inHome], List(null, new() { ["XDG_CACHE_HOME"] = "" }, home, isLinux: true));
    }

    [Fact]
    public void Elsewhere_the_cache_is_in_the_local_application_data()
    {
        string home = _folder["home"];
        Assert.Equal(
            [Path.Combine(home, "local", "tessera")],
            List(null, new() { ["XDG_CACHE_HOME"] = _folder.Path }, home, isLinux: false));
    }

    [Fact]
    public void The_named_folder_comes_first_then_the_variable()
    {
        string given = _folder["given"], variable = _folder["variable"], home = _folder["home"];
        string cache = Path.Combine(home, ".cache", "tessera");
        Assert.Equal(
            [given, variable, cache], List(given, new() { [DataFolders.Variable] = variable }, home, isLinux: true));
        Assert.Equal([given, cache], List(given, new() { [DataFolders.Variable] = given }, home, isLinux: true));
        Assert.Equal([variable, cache], List(null, new() { [DataFolders.Variable] = variable }, home, isLinux: true));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Without_any_folder_the_message_names_the_option(bool isLinux)
    {
        InputException e = Assert.Throws<InputException>(() => List(null, [], "", isLinux));
        Assert.Equal("dataDir", e.Option);
    }

    private static IReadOnlyList<string> List(
        string? dataDir, Dictionary<string, string> variables, string home, bool isLinux)
    {
        return DataFolders.List(dataDir, variables.GetValueOrDefault, Folder, isLinux);

        string Folder(Environment.SpecialFolder folder) =>
            home.Length == 0 || folder == Environment.SpecialFolder.UserProfile ? home : Path.Combine(home, "local");
    }
}
