using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Tessera.Studio.Comparison;
using Tessera.Studio.Contract;
using Tessera.Studio.Http;
using Tessera.Studio.Live;
using Tessera.Studio.Models;
using Tessera.Studio.Runs;
using Tessera.Studio.Samples;

namespace Tessera.Studio;

/// <summary>The studio's server.</summary>
internal sealed class StudioServer : IAsyncDisposable
{
    /// <summary>The largest body of a request in bytes.</summary>
    public const int MostUploadBytes = 16 << 20;

    private const int PortsTried = 20;

    private static readonly SocketError[] NotHere =
        [SocketError.AddressNotAvailable, SocketError.AddressFamilyNotSupported, SocketError.NetworkUnreachable];

    private readonly WebApplication _app;

    private StudioServer(WebApplication app, Uri address) => (_app, Address) = (app, address);

    /// <summary>The address of its first page.</summary>
    public Uri Address { get; }

    /// <summary>Starts the server.</summary>
    /// <param name="options">What it shows, and to whom.</param>
    /// <param name="program">The program that it is a part of.</param>
    /// <param name="configure">Adds services, for tests.</param>
    /// <param name="map">Adds endpoints, for tests.</param>
    /// <exception cref="InputException">The options are wrong, or the port is taken.</exception>
    public static async Task<StudioServer> StartAsync(
        StudioOptions options, IStudioProgram program, Action<IServiceCollection>? configure = null,
        Action<WebApplication>? map = null)
    {
        options.Validate();
        int first = options.Port ?? StudioOptions.UsualPort, tries = options.Port is null ? PortsTried : 1;
        IPAddress[] addresses = options.Host is null ? [IPAddress.Loopback] : await AddressesOf(options.Host);
        for (int i = 0; ; i++)
        {
            WebApplication app = Build(options, program, addresses, first + i, configure, map);
            try
            {
                await app.StartAsync();
                // Compiled while the browser starts.
                _ = Task.Run(() => ((IEndpointRouteBuilder)app).DataSources.Sum(source => source.Endpoints.Count));
                return new StudioServer(app, AddressOf(app, options));
            }
            catch (Exception e)
            {
                await app.DisposeAsync();
                if (e is SocketException { SocketErrorCode: var error } && NotHere.Contains(error))
                    throw new InputException(
                        $"{nameof(options.Host)} {options.Host} cannot be listened on: {e.Message.TrimEnd('.')}; "
                        + "choose an address of this machine", e)
                    { Option = nameof(options.Host) };
                // Taken, or only for the administrator.
                if (e is not (IOException or SocketException)) throw;
                if (i + 1 < tries) continue;
                throw new InputException(
                    $"{nameof(options.Port)} {first + i} cannot be used: {e.Message.TrimEnd('.')}; choose another", e)
                { Option = nameof(options.Port) };
            }
        }
    }

    /// <summary>Serves until the token is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        await Task.Delay(Timeout.Infinite, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _app.StopAsync(CancellationToken.None);
    }

    /// <summary>Stops the server.</summary>
    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static WebApplication Build(
        StudioOptions options, IStudioProgram program, IPAddress[] addresses, int port,
        Action<IServiceCollection>? configure, Action<WebApplication>? map)
    {
        // Empty: no settings from files of the current folder or from the environment, no log on the terminal.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(server =>
        {
            server.AddServerHeader = false;
            server.Limits.MaxRequestBodySize = MostUploadBytes;
            foreach (IPAddress address in addresses)
                server.Listen(address, port, listen => listen.Protocols = HttpProtocols.Http1);
        });
        builder.Services.AddRoutingCore();
        builder.Services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        builder.Services.ConfigureHttpJsonOptions(json => StudioJson.Configure(json.SerializerOptions));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(2));
        configure?.Invoke(builder.Services);
        WebApplication app = builder.Build();

        var sessions = new Sessions(options.Token);
        app.Use(ErrorAnswers.Handle);
        app.Use(new RequestGuard(options.Host).Handle);
        app.Use(sessions.Handle);
        // Before the endpoints: the first page does not wait until all of them are compiled.
        app.Use(new PageFiles().Handle);
        app.UseRouting();
        sessions.Map(app);
        MapParts(app, options, program);
        map?.Invoke(app);
        app.MapGet("/api/openapi.json", PageFiles.Describe).ExcludeFromDescription();
        return app;
    }

    private static void MapParts(WebApplication app, StudioOptions options, IStudioProgram program)
    {
        var catalog = new RunCatalog(options);
        var launches = new Launches(program);
        var reader = new RunReader(catalog, launches);
        var hashes = new WeightHashes(catalog);
        var models = new ModelStore(catalog, hashes);
        app.Lifetime.ApplicationStopped.Register(models.Dispose);
        new LiveEndpoints(catalog, reader, new LiveStore(catalog)).Map(app);
        new SampleEndpoints(models).Map(app);
        new CompareEndpoints(catalog, reader, models, program).Map(app);
        new ModelEndpoints(models, catalog, hashes).Map(app);
        new EditorEndpoints(models).Map(app);
        new CodebookEndpoints(models).Map(app);
        new RunEndpoints(catalog, reader, launches, new RunForm(options, catalog, reader, program), program).Map(app);
    }

    private static async Task<IPAddress[]> AddressesOf(string host)
    {
        if (IPAddress.TryParse(host, out IPAddress? address)) return [address];
        try
        {
            return await Dns.GetHostAddressesAsync(host);
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            throw new InputException(
                $"{nameof(StudioOptions.Host)} {host} is neither an address nor the name of this machine; check it", e)
            { Option = nameof(StudioOptions.Host) };
        }
    }

    private static Uri AddressOf(WebApplication app, StudioOptions options)
    {
        var bound = new Uri(app.Urls.First());
        bool isAny = options.Host is not null && IPAddress.TryParse(options.Host, out IPAddress? address)
            && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any));
        string host = options.Host is null ? "127.0.0.1" : isAny ? Dns.GetHostName() : options.Host;
        return new UriBuilder("http", host, bound.Port).Uri;
    }
}
