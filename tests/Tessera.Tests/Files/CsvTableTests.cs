using Tessera.Files;

namespace Tessera.Tests.Files;

public sealed class CsvTableTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string TablePath => _folder["table.csv"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Rows_have_the_numbers_of_their_lines()
    {
        File.WriteAllText(TablePath, "update,error\n1,0.5\n2,\n\nx");
        var table = CsvTable.Read(TablePath);
        Assert.Equal(["update", "error"], table.Columns);
        Assert.Equal((1, -1), (table.IndexOf("error"), table.IndexOf("Error")));
        Assert.Equal(
            ["2: 1|0.5", "3: 2|", "4: ", "5: x"],
            table.Rows.Select(row => $"{row.Line}: {string.Join('|', row.Fields)}"));
    }

    [Fact]
    public void An_empty_file_has_neither_columns_nor_rows()
    {
        File.WriteAllText(TablePath, "");
        var table = CsvTable.Read(TablePath);
        Assert.Empty(table.Columns);
        Assert.Empty(table.Rows);
    }

    [Fact]
    public void A_missing_file_is_an_error_also_while_rows_are_read()
    {
        Assert.Throws<InputException>(() => CsvTable.Read(TablePath));
        File.WriteAllText(TablePath, "update\n1\n");
        var table = CsvTable.Read(TablePath);
        File.Delete(TablePath);
        Assert.Throws<InputException>(() => table.Rows.ToList());
    }
}
