using System.IO.Compression;
using System.Reflection;
using System.Security.Cryptography;

namespace Tessera.Studio.Http;

/// <summary>The files of the pages, which are resources of the assembly: compressed once, then from memory.</summary>
internal sealed class PageFiles
{
    private const string Prefix = "pages/", Index = "index.html";

    private static readonly Dictionary<string, string> Types = new()
    {
        [".html"] = "text/html; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".json"] = "application/json",
        [".svg"] = "image/svg+xml",
        [".png"] = "image/png",
        [".ico"] = "image/x-icon",
        [".woff2"] = "font/woff2",
        [".txt"] = "text/plain; charset=utf-8",
        [".md"] = "text/plain; charset=utf-8",
    };

    private readonly Dictionary<string, Lazy<PageFile>> _files;

    public PageFiles()
    {
        Assembly assembly = typeof(PageFiles).Assembly;
        _files = assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .ToDictionary(
                name => name[Prefix.Length..].Replace('\\', '/'),
                name => new Lazy<PageFile>(() => PageFile.Read(assembly, name, TypeOf(name))));
    }

    /// <summary>Answers a request of a page; the others are the API's.</summary>
    public async Task Handle(HttpContext context, RequestDelegate next)
    {
        HttpRequest request = context.Request;
        if (request.Path.StartsWithSegments("/api"))
        {
            await next(context);
            return;
        }
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method))
            throw new StudioException(StatusCodes.Status405MethodNotAllowed, "pages can only be read");
        string path = request.Path.Value!.TrimStart('/');
        // The pages have addresses of their own, which only index.html knows.
        if (!_files.ContainsKey(path) && !Path.GetFileName(path).Contains('.')) path = Index;
        if (!_files.TryGetValue(path, out Lazy<PageFile>? file)) throw StudioException.NotFound($"file {path}");
        await file.Value.Write(context);
    }

    /// <summary>Answers with the description of the API, which a test makes and compares.</summary>
    public static Task Describe(HttpContext context) =>
        PageFile.Read(typeof(PageFiles).Assembly, "openapi.json", Types[".json"]).Write(context);

    private static string TypeOf(string name) =>
        Types.GetValueOrDefault(Path.GetExtension(name), "application/octet-stream");

    private sealed record PageFile(string Type, byte[] Content, byte[]? Brotli, byte[]? Gzip, string Tag)
    {
        public static PageFile Read(Assembly assembly, string name, string type)
        {
            using Stream stream = assembly.GetManifestResourceStream(name)!;
            byte[] content = new byte[stream.Length];
            stream.ReadExactly(content);
            // The others are compressed already.
            bool isText = type is not ("image/png" or "font/woff2");
            return new PageFile(
                type, content,
                isText ? Compress(content, to => new BrotliStream(to, CompressionLevel.Optimal)) : null,
                isText ? Compress(content, to => new GZipStream(to, CompressionLevel.Optimal)) : null,
                $"\"{Convert.ToHexStringLower(SHA256.HashData(content))[..16]}\"");
        }

        public async Task Write(HttpContext context)
        {
            HttpResponse response = context.Response;
            response.Headers.ETag = Tag;
            response.Headers.CacheControl = "no-cache";
            response.Headers.Vary = "Accept-Encoding";
            if (context.Request.Headers.IfNoneMatch.ToString().Contains(Tag, StringComparison.Ordinal))
            {
                response.StatusCode = StatusCodes.Status304NotModified;
                return;
            }
            response.ContentType = Type;
            string accepted = context.Request.Headers.AcceptEncoding.ToString();
            (string? encoding, byte[] bytes) = Brotli is not null && accepted.Contains("br", StringComparison.Ordinal)
                ? ("br", Brotli)
                : Gzip is not null && accepted.Contains("gzip", StringComparison.Ordinal)
                    ? ("gzip", Gzip)
                    : ((string?)null, Content);
            if (encoding is not null) response.Headers.ContentEncoding = encoding;
            response.ContentLength = bytes.Length;
            if (!HttpMethods.IsHead(context.Request.Method)) await response.Body.WriteAsync(bytes);
        }

        private static byte[] Compress(byte[] content, Func<Stream, Stream> compress)
        {
            using var result = new MemoryStream();
            using (Stream stream = compress(result)) stream.Write(content);
            return result.ToArray();
        }
    }
}
