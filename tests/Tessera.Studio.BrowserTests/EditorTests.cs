using System.Globalization;
using Microsoft.Playwright;
using Tessera.Imaging;
using static Microsoft.Playwright.Assertions;

namespace Tessera.Studio.BrowserTests;

/// <summary>The token editor: pictures of 4 x 4 codes of 16.</summary>
[Collection(ModelViews.Name)]
public sealed class EditorTests(Browser browser)
{
    private const string Codes = "Codes of picture A";
    private const int Side = 4;

    [Fact]
    public async Task A_cell_takes_a_code_from_the_atlas_and_the_picture_changes()
    {
        await using Sheet sheet = await Open(page => page.RouteAsync("**/decode", Paint));
        await sheet.ClickCell(Codes, 1, 2, Side);
        Assert.StartsWith("Row 2, column 3:", await sheet.Cell(Codes));
        string before = await sheet.Cell(Codes);
        await Shows(before);

        await sheet.Label("Order").SelectOptionAsync("number");
        await Expect(sheet.Text("By number.")).ToBeVisibleAsync();
        await ChooseAnother(sheet, before);
        await Sheet.Until(async () => await sheet.Cell(Codes) != before, "another code in the cell");
        string after = await sheet.Cell(Codes);
        await Shows(after);

        await sheet.Button("Undo").ClickAsync();
        Assert.Equal(before, await sheet.Cell(Codes));
        await Shows(before);
        await sheet.Button("Redo").ClickAsync();
        Assert.Equal(after, await sheet.Cell(Codes));
        await Shows(after);
        await sheet.Page.Keyboard.PressAsync("Control+z");
        Assert.Equal(before, await sheet.Cell(Codes));

        // The middle of the cell in row 2 and column 3, inside of all frames.
        Task Shows(string cell) => Sheet.Until(
            async () => await sheet.Grid("Picture A, as cells").Locator("canvas").EvaluateAsync<int>(
                "c => c.getContext('2d').getImageData(2.5 * c.width / 4, 1.5 * c.width / 4, 1, 1).data[0]")
                == 16 * int.Parse(cell.Split("code ")[1], CultureInfo.InvariantCulture),
            $"a picture of {cell}");

        // Two codes of a tiny model may look alike: here, a picture is as red as the number of the code in that cell.
        static Task Paint(IRoute route)
        {
            int code = route.Request.PostDataJSON()!.Value.GetProperty("codes")[6].GetInt32();
            byte[] pixel = [(byte)(16 * code), 0, 0, 255];
            byte[] pixels = [.. Enumerable.Repeat(pixel, 256).SelectMany(values => values)];
            return route.FulfillAsync(new()
            {
                ContentType = "application/octet-stream",
                BodyBytes = pixels,
                Headers = new Dictionary<string, string> { ["X-Image-Width"] = "16", ["X-Image-Height"] = "16" },
            });
        }
    }

    [Fact]
    public async Task The_atlas_is_sorted_by_likeness_by_use_and_by_what_the_prior_thinks_likely()
    {
        await using Sheet sheet = await Open();
        await sheet.ClickCell(Codes, 0, 1, Side);
        string code = (await sheet.Cell(Codes)).Split("code ")[1];
        await Expect(sheet.Text($"The nearest to code {code} first.")).ToBeVisibleAsync();
        Assert.StartsWith($"code {code}, distance 0", await sheet.Cell("Atlas of codes"));
        await sheet.Label("Order").SelectOptionAsync("use");
        await Expect(sheet.Text("The most used first.")).ToBeVisibleAsync();
        await sheet.Label("Order").SelectOptionAsync("prior");
        await Expect(sheet.Text("The likeliest first")).ToContainTextAsync($"code {code}");
        await sheet.Label("Class for the prior").SelectOptionAsync("cube");
        await Expect(sheet.Text("The likeliest first")).ToBeVisibleAsync();
        Assert.Contains('%', await sheet.Cell("Atlas of codes"));
    }

    [Fact]
    public async Task The_editor_opens_before_the_codes_are_counted()
    {
        const string Counts = "**/atlas/counts";
        await using Sheet sheet = await Open(page => page.RouteAsync(Counts, route => route.FulfillAsync(
            new()
            {
                Status = 202,
                ContentType = "application/json",
                Body = """{ "stage": "encoding 2000 images", "fraction": 0.25 }""",
            })));
        await sheet.ClickCell(Codes, 0, 0, Side);
        Assert.StartsWith("code ", await sheet.Cell("Atlas of codes"));
        Assert.DoesNotContain("used", await sheet.Cell("Atlas of codes"));
        await sheet.Label("Order").SelectOptionAsync("use");
        await Expect(sheet.Text("Encoding 2000 images 25")).ToBeVisibleAsync();
        await sheet.Page.UnrouteAsync(Counts);
        await Expect(sheet.Text("The most used first.")).ToBeVisibleAsync();
        Assert.Contains("used", await sheet.Cell("Atlas of codes"));
    }

    [Fact]
    public async Task The_keyboard_alone_paints()
    {
        await using Sheet sheet = await Open();
        await sheet.Page.Keyboard.PressAsync("c");
        await sheet.Page.Keyboard.PressAsync("Control+End");
        Assert.StartsWith("Row 4, column 4:", await sheet.Cell(Codes));
        string target = (await sheet.Cell(Codes)).Split("code ")[1];
        await sheet.Page.Keyboard.PressAsync("i");
        await sheet.Page.Keyboard.PressAsync("Enter");
        await Expect(sheet.Button("Brush")).ToHaveAttributeAsync("aria-pressed", "true");
        await sheet.Page.Keyboard.PressAsync("Home");
        await sheet.Page.Keyboard.PressAsync("ArrowUp");
        await sheet.Page.Keyboard.PressAsync("Enter");
        Assert.Equal($"Row 3, column 1: code {target}", await sheet.Cell(Codes));

        // A region by Shift and the arrow keys, filled with the brush's code.
        await sheet.Page.Keyboard.PressAsync("s");
        await sheet.Page.Keyboard.PressAsync("Control+Home");
        await sheet.Page.Keyboard.PressAsync("Shift+ArrowRight");
        await sheet.Page.Keyboard.PressAsync("Shift+ArrowDown");
        await sheet.Page.Keyboard.PressAsync("f");
        Assert.Equal($"Row 2, column 2: code {target}", await sheet.Cell(Codes));
        await sheet.Page.Keyboard.PressAsync("g");
        await sheet.Page.Keyboard.PressAsync("Enter");
        Assert.Equal($"Row 2, column 2: code {target}", await sheet.Cell(Codes));
        await sheet.Page.Keyboard.PressAsync("Escape");
        await Expect(sheet.Button("Fill selection")).ToBeDisabledAsync();
    }

    [Fact]
    public async Task A_stroke_of_the_brush_is_one_step()
    {
        await using Sheet sheet = await Open();
        string[] before = await Row(sheet, 0);
        await sheet.ClickCell(Codes, 3, 3, Side);
        string code = (await sheet.Cell(Codes)).Split("code ")[1];
        await sheet.Button("Pick").ClickAsync();
        await sheet.ClickCell(Codes, 3, 3, Side);
        LocatorBoundingBoxResult box = (await sheet.Grid(Codes).BoundingBoxAsync())!;
        float size = box.Width / Side;
        await sheet.Page.Mouse.MoveAsync(box.X + size / 2, box.Y + size / 2);
        await sheet.Page.Mouse.DownAsync();
        await sheet.Page.Mouse.MoveAsync(box.X + size * 3.5f, box.Y + size / 2, new() { Steps = 12 });
        await sheet.Page.Mouse.UpAsync();
        Assert.All(await Row(sheet, 0), text => Assert.Equal(code, text));
        await sheet.Button("Undo").ClickAsync();
        Assert.Equal(before, await Row(sheet, 0));
    }

    [Fact]
    public async Task Regions_are_copied_between_two_pictures_and_frames_lead_from_one_to_the_other()
    {
        await using Sheet sheet = await Open();
        await sheet.Button("Second picture").ClickAsync();
        // All pictures are on one page.
        await Expect(sheet.Button("Before")).ToBeDisabledAsync();
        await Expect(sheet.Button("Next")).ToBeDisabledAsync();
        await sheet.Button("Picture 3").ClickAsync();
        const string second = "Codes of picture B";
        await Expect(sheet.Grid(second)).ToBeVisibleAsync();
        await sheet.ClickCell(Codes, 0, 0, Side);
        string code = (await sheet.Cell(Codes)).Split("code ")[1];
        await sheet.Button("Copy").ClickAsync();
        await sheet.ClickCell(second, 3, 3, Side);
        await sheet.Button("Paste").ClickAsync();
        Assert.Equal($"Row 4, column 4: code {code}", await sheet.Cell(second));

        await sheet.Label("Frames").SelectOptionAsync("5");
        await sheet.Button("Interpolate").ClickAsync();
        await Expect(sheet.Button("Frame 5 of 5")).ToBeVisibleAsync();
        await Expect(sheet.Button("Use as picture A")).ToBeDisabledAsync();
        await sheet.Label("Way").SelectOptionAsync("codes");
        await sheet.Button("Interpolate").ClickAsync();
        await Expect(sheet.Button("Use as picture A")).ToBeEnabledAsync();
        await sheet.Button("Frame 5 of 5").ClickAsync();
        await sheet.Button("Use as picture A").ClickAsync();
        await sheet.ClickCell(Codes, 3, 3, Side);
        Assert.Equal($"Row 4, column 4: code {code}", await sheet.Cell(Codes));
        await sheet.Button("Close picture B").ClickAsync();
        await Expect(sheet.Button("Second picture")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task The_pictures_of_a_data_set_are_turned_and_one_that_cannot_be_read_is_tried_again()
    {
        const string Train = "**/images?split=train";
        var release = new TaskCompletionSource();
        await using Sheet sheet = new((await Open()).Page) { MayMiss = true };
        await sheet.Page.RouteAsync(Train, async route =>
        {
            await release.Task;
            await route.FulfillAsync(new() { Status = 422, Json = new { error = "the images are gone" } });
        });
        await sheet.Button("Other picture").ClickAsync();
        ILocator split = sheet.Label("Split"), first = sheet.Label("First picture shown");
        ILocator pictures = sheet.Page.Locator(".picker-grid button");

        // What was given up fails unseen.
        await split.SelectOptionAsync("train");
        await split.SelectOptionAsync("shapes");
        await Shows(0, 40);
        await sheet.Page.RunAndWaitForResponseAsync(
            () => { release.SetResult(); return Task.CompletedTask; }, answer => answer.Status == 422);
        await Shows(0, 40);

        await sheet.Button("Next").ClickAsync();
        await Shows(40, 40);
        await first.FillAsync("45.7");
        await first.PressAsync("Enter");
        await Shows(45, 40);
        await sheet.Button("Before").ClickAsync();
        await Shows(5, 40);
        await sheet.Button("Before").ClickAsync();
        await Shows(0, 40);
        await Expect(sheet.Button("Before")).ToBeDisabledAsync();
        await sheet.Page.EvaluateAsync("Math.random = () => 0.75");
        await sheet.Button("Random").ClickAsync();
        await Shows(1500, 40);
        await first.FillAsync("99999");
        await first.PressAsync("Enter");
        await Shows(1999, 1);
        await Expect(sheet.Button("Next")).ToBeDisabledAsync();

        await split.SelectOptionAsync("train");
        await Expect(sheet.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("The images are gone");
        await sheet.Page.UnrouteAsync(Train);
        await sheet.Button("Try again").ClickAsync();
        await Shows(0, 12);
        await sheet.Button("Picture 11").ClickAsync();
        await Expect(sheet.Page.Locator(".pane-head h2").First).ToContainTextAsync("train 11");

        async Task Shows(int number, int count)
        {
            await Expect(pictures.First).ToHaveAttributeAsync("aria-label", $"Picture {number}");
            await Expect(pictures).ToHaveCountAsync(count);
            await Expect(first).ToHaveValueAsync($"{number}");
        }
    }

    [Fact]
    public async Task A_second_picture_that_is_closed_leaves_nothing_behind()
    {
        // What is asked for the second picture is answered after it was closed.
        await using Sheet sheet = await Open(page => page.RouteAsync("**/nats", async route =>
        {
            await Task.Delay(300, TestContext.Current.CancellationToken);
            await route.ContinueAsync();
        }));
        await sheet.Button("Surprise").ClickAsync();
        for (int turn = 0; turn < 2; turn++)
        {
            await sheet.Button("Second picture").ClickAsync();
            await sheet.Page.RunAndWaitForRequestAsync(
                () => sheet.Button("Picture 3").ClickAsync(),
                sent => sent.Url.EndsWith("/nats", StringComparison.Ordinal));
            await sheet.Button("Close picture B").ClickAsync();
            await sheet.Page.Keyboard.PressAsync("t");
        }
        await Expect(sheet.Button("Second picture")).ToBeVisibleAsync();
        // A preview that has no picture any more must not end in an error either.
        await sheet.ClickCell(Codes, 1, 1, Side);
        await sheet.Grid("Atlas of codes").HoverAsync();
        await sheet.Page.Keyboard.PressAsync("Escape");
        await sheet.Grid(Codes).HoverAsync();
        await Task.Delay(400, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_link_restores_the_state_and_files_come_in_and_go_out()
    {
        await using Sheet sheet = await Open();
        await sheet.ClickCell(Codes, 2, 2, Side);
        string before = await sheet.Cell(Codes);
        await sheet.Label("Order").SelectOptionAsync("number");
        await Expect(sheet.Text("By number.")).ToBeVisibleAsync();
        await ChooseAnother(sheet, before);
        await Sheet.Until(async () => await sheet.Cell(Codes) != before, "another code in the cell");
        string[] row = await Row(sheet, 2);
        await Sheet.Until(() => Task.FromResult(sheet.Page.Url.Contains("?a=4x4.")), "the codes in the address");
        await Task.Delay(400, TestContext.Current.CancellationToken);
        await sheet.Page.ReloadAsync();
        await Expect(sheet.Heading("A: from a link")).ToBeVisibleAsync();
        Assert.Equal(row, await Row(sheet, 2));

        await sheet.Button("Export").ClickAsync();
        string json = await Download(sheet, "Codes (.json)");
        string npy = await Download(sheet, "Codes (.npy)");
        string png = await Download(sheet, "Picture (.png)");
        Assert.Equal(16, ImageFile.Read(png).Width);
        await sheet.Page.Keyboard.PressAsync("Escape");

        foreach (string file in new[] { json, npy, png })
        {
            await sheet.Button("Other picture").First.ClickAsync();
            await sheet.Page.Locator("dialog input[type=file]").SetInputFilesAsync(file);
            await Expect(sheet.Heading($"A: {Path.GetFileName(file)}")).ToBeVisibleAsync();
            if (file != png) Assert.Equal(row, await Row(sheet, 2));
        }
        await sheet.Button("Original").ClickAsync();
        await Expect(sheet.Button("Original")).ToHaveAttributeAsync("aria-pressed", "true");
    }

    [Fact]
    public async Task A_file_that_is_dropped_on_a_picture_takes_its_place()
    {
        await using Sheet sheet = await Open();
        string file = Directory.EnumerateFiles(browser.Runs.Images, "*.png", SearchOption.AllDirectories).Last();
        IJSHandle files = await sheet.Page.EvaluateHandleAsync(
            """
            bytes => {
              const files = new DataTransfer();
              const content = Uint8Array.from(atob(bytes), letter => letter.charCodeAt(0));
              files.items.add(new File([content], 'dropped.png', { type: 'image/png' }));
              return files;
            }
            """,
            Convert.ToBase64String(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken)));
        ILocator pane = sheet.Page.Locator(".pane").First;
        // A browser drops nothing where this event is not taken.
        Assert.True(await pane.EvaluateAsync<bool>(
            "pane => !pane.dispatchEvent(new DragEvent('dragover', { bubbles: true, cancelable: true }))"));
        await pane.DispatchEventAsync("drop", new { dataTransfer = files });
        await Expect(sheet.Heading("A: dropped.png")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task The_priors_surprise_is_shown_and_a_bad_file_is_refused_in_one_line()
    {
        await using Sheet sheet = new((await Open()).Page) { MayMiss = true };
        await sheet.Button("Surprise").ClickAsync();
        await Sheet.Until(async () =>
        {
            await sheet.Page.Keyboard.PressAsync("c");
            await sheet.Page.Keyboard.PressAsync("ArrowRight");
            return (await sheet.Cell(Codes)).Contains("nats");
        }, "nats of a cell");
        await sheet.Button("Other picture").ClickAsync();
        await sheet.Page.Locator("dialog input[type=file]").SetInputFilesAsync(
            new FilePayload { Name = "bad.png", MimeType = "image/png", Buffer = "no picture"u8.ToArray() });
        await Expect(sheet.Page.Locator(".toast.bad")).ToBeVisibleAsync();
    }

    private async Task<Sheet> Open(Func<IPage, Task>? prepare = null)
    {
        Sheet sheet = await browser.Open($"runs/{await browser.Studio.Id("plain")}/editor", prepare: prepare);
        await Expect(sheet.Page.Locator(".pane-head h2").First).ToContainTextAsync("test 0");
        await Expect(sheet.Text("decoded in")).ToBeVisibleAsync();
        return sheet;
    }

    /// <summary>Chooses the first code of the atlas, or the second if the cell has the first.</summary>
    private static async Task ChooseAnother(Sheet sheet, string cell)
    {
        await sheet.Page.Keyboard.PressAsync("a");
        await sheet.Page.Keyboard.PressAsync("Control+Home");
        if (cell.EndsWith("code 0", StringComparison.Ordinal)) await sheet.Page.Keyboard.PressAsync("ArrowRight");
        await sheet.Page.Keyboard.PressAsync("Enter");
    }

    /// <summary>The codes of a row, as the keyboard finds them.</summary>
    private static async Task<string[]> Row(Sheet sheet, int row)
    {
        await sheet.Page.Keyboard.PressAsync("c");
        await sheet.Page.Keyboard.PressAsync("Control+Home");
        for (int i = 0; i < row; i++) await sheet.Page.Keyboard.PressAsync("ArrowDown");
        var codes = new string[Side];
        for (int i = 0; i < Side; i++)
        {
            codes[i] = (await sheet.Cell(Codes)).Split("code ")[1];
            await sheet.Page.Keyboard.PressAsync("ArrowRight");
        }
        return codes;
    }

    private static async Task<string> Download(Sheet sheet, string button)
    {
        IDownload download = await sheet.Page.RunAndWaitForDownloadAsync(() => sheet.Button(button).ClickAsync());
        string folder = Directory.CreateTempSubdirectory("tessera-test-").FullName;
        string path = Path.Combine(folder, download.SuggestedFilename);
        await download.SaveAsAsync(path);
        return path;
    }
}
