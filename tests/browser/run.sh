#!/usr/bin/env bash
# Opens the status page of the built CacheProxy, on Redis and in front of the sample API, in a headless Chromium while clients ask, write
# and wait: figures move, forms work, nothing leaves the origin. Leaves screenshots in artifacts/status-page.
# With LOAD_SECONDS=300 the charts of the screenshots are full, as in the documentation.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
program=$root/src/CacheProxy/bin/Release/net10.0/CacheProxy.dll
api=$root/samples/CustomerApi/bin/Release/net10.0/CustomerApi.dll
pictures=$root/artifacts/status-page
version=1.65.1
exec </dev/null

for needed in node npm redis-server; do
  if ! command -v "$needed" >/dev/null; then
    echo "This needs $needed (Debian: apt-get install nodejs npm redis-server)." >&2
    exit 1
  fi
done
if [[ ! -f $program || ! -f $api ]]; then
  echo "CacheProxy is not built. Run: dotnet build CacheProxy.sln -c Release" >&2
  exit 1
fi
if ! command -v chromium >/dev/null; then
  as_root=()
  if ((EUID != 0)); then
    as_root=(sudo -n)
  fi
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo '{ "private": true }' >"$work/package.json"
npm install --prefix "$work" --no-audit --no-fund --loglevel=error "playwright-core@$version"
mkdir -p "$pictures"
node "$here/walk.mjs" "$work" "$program" "$api" "$pictures"
