#!/usr/bin/env bash
# Puts the built CacheProxy in front of json-server, an API that was not written for it, and walks through reads and writes.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=$here/../../src/CacheProxy/bin/Release/net10.0/CacheProxy.dll
version=0.17.4
exec </dev/null

if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  echo "This needs node and npm (Debian: apt-get install nodejs npm)." >&2
  exit 1
fi
if [[ ! -f $program ]]; then
  echo "CacheProxy is not built. Run: dotnet build CacheProxy.sln -c Release" >&2
  exit 1
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo '{ "private": true }' >"$work/package.json"
npm install --prefix "$work" --no-audit --no-fund --loglevel=error "json-server@$version"
node "$here/walk.mjs" "$work" "$program"
