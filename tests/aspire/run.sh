#!/usr/bin/env bash
# Builds the Aspire sample and has it describe its resources: CacheProxy stands in front of the API, and caches in its Redis.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
exec </dev/null
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

dotnet build "$root/samples/Aspire" -c Release --nologo -v q -warnaserror
dotnet "$root/samples/Aspire/bin/Release/net10.0/CacheProxy.Samples.Aspire.dll" \
  --operation publish --publisher manifest --output-path "$work/manifest.json" >"$work/log" || { cat "$work/log" >&2; exit 1; }

for expected in \
  '"Kestrel__Endpoints__Proxy__Url": "http://localhost:{cacheproxy.bindings.proxy.targetPort}"' \
  '"Kestrel__Endpoints__Management__Url": "http://localhost:{cacheproxy.bindings.management.targetPort}"' \
  '"ReverseProxy__Clusters__customer-api__Destinations__primary__Address": "{customer-api.bindings.http.url}"' \
  '"CacheProxy__Redis__ConnectionString": "{redis.bindings.tcp.host}:{redis.bindings.tcp.port}'; do
  grep -qF "$expected" "$work/manifest.json" || { echo "The manifest lacks: $expected" >&2; cat "$work/manifest.json" >&2; exit 1; }
done
[[ $(grep -c '"external": true' "$work/manifest.json") == 1 ]] || { echo "More is reachable from outside than the proxy" >&2; exit 1; }
echo "The Aspire sample builds, and describes CacheProxy in front of the API."
