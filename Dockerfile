# CacheProxy. Build from the root of the repository: docker build -t cacheproxy:0.1.0 .
# For two platforms, with a bill of materials, or without Docker: docs/operations.md, "The image". tests/container/run.sh builds and starts it.

# A native binary (docs/decisions/0014-native-aot.md) needs a linker to build and neither .NET nor a shell to run. It is built for the
# platform that it is built on: of each platform of a build, its own SDK is taken.
FROM mcr.microsoft.com/dotnet/sdk:10.0-noble-aot AS build
WORKDIR /src

# What decides the packages comes first: a change of code does not restore anew.
COPY global.json Directory.Build.props Directory.Packages.props ./
COPY src/CacheProxy/CacheProxy.csproj src/CacheProxy/
RUN dotnet restore src/CacheProxy --use-current-runtime -p:PublishAot=true

COPY .editorconfig appsettings.json ./
COPY docs/cacheproxy.schema.json docs/
COPY src/ src/
# The rules of style are test.sh's. What the compiler to native code warns of is still an error.
RUN dotnet publish src/CacheProxy -c Release --no-restore --use-current-runtime -p:PublishAot=true -p:RunAnalyzers=false -o out

FROM mcr.microsoft.com/dotnet/runtime-deps:10.0-noble-chiseled
WORKDIR /app
COPY --from=build /src/out/ ./

# The runtime's diagnostic channel is a socket in the temporary folder; without it nothing is ever written to the file system.
ENV DOTNET_EnableDiagnostics=0

# A number, so that Kubernetes' runAsNonRoot can check it. It is the user "app" of the base image.
USER 1654

# Clients; and probes and metrics, which listen on localhost until Kestrel__Endpoints__Management__Url says otherwise.
EXPOSE 4004 9904

# Configuration over the appsettings.json that is inside: a folder mounted at /app/config, or environment variables.
ENTRYPOINT ["./CacheProxy"]

LABEL org.opencontainers.image.title="CacheProxy" \
      org.opencontainers.image.description="A caching sidecar for HTTP APIs" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.base.name="mcr.microsoft.com/dotnet/runtime-deps:10.0-noble-chiseled"

# Last, as it differs with every commit: --build-arg REVISION=$(git rev-parse HEAD)
ARG REVISION=unknown
LABEL org.opencontainers.image.revision="$REVISION"
