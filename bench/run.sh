#!/usr/bin/env bash
# Measures CacheProxy beside its peers, from a clean clone: bench/run.sh [--quick] [--only REGEX] [--measures REGEX] [--rounds N] [--longer FACTOR]
# [--out DIR] [--docs]. --only chooses peers, --measures what is measured, both by name. The results (results.json, results.md) are left in DIR, by
# default bench/results. --docs measures nothing: it writes docs/benchmarks.md and its charts from the results in DIR.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec </dev/null
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1

out=bench/results
arguments=()
docs=
while (($# > 0)); do
  case $1 in
    --quick) arguments+=("$1") ;;
    --docs) docs=yes ;;
    --out) out=${2:?--out needs a folder}; shift ;;
    --only | --measures | --rounds | --longer) arguments+=("$1" "${2:?$1 needs a value}"); shift ;;
    *) sed -n '2,4s/^# //p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
  esac
  shift
done

programs=(nginx varnishd redis-server)
packages=(nginx libnginx-mod-http-lua varnish redis-server)
lua=/usr/lib/nginx/modules/ngx_http_lua_module.so

have_programs() { [[ $(command -v "${programs[@]}" | wc -l) -eq ${#programs[@]} && -e $lua ]]; }

install_programs() {
  local as_root=()
  if ((EUID != 0)); then
    as_root=(sudo -n)
  fi
  if ! command -v apt-get >/dev/null || ! "${as_root[@]}" true 2>/dev/null; then
    return 1
  fi
  "${as_root[@]}" apt-get update -qq &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}"
}

say() { printf '\n== %s\n' "$*"; }

mkdir -p "$out"
published=bench/artifacts

# The rules of style are test.sh's.
publish=(dotnet publish -c Release -p:RunAnalyzers=false --nologo -v q)

say "Publish"
"${publish[@]}" bench/Load -o "$published/load"
if [[ -n $docs ]]; then
  exec dotnet "$published/load/Load.dll" --docs . --out "$out"
fi

if ! have_programs && ! { say "Install ${packages[*]}" && install_programs && have_programs; }; then
  echo "The benchmark needs ${programs[*]} and nginx's Lua module (Debian: apt-get install ${packages[*]})." >&2
  exit 1
fi
"${publish[@]}" bench/YarpPeers -o "$published/yarp-peers"
"${publish[@]}" src/CacheProxy -o "$published/jit"

# With a folder of its own for what is in between, so that the other ways of building find theirs as they left it.
say "Publish as Native AOT"
rm -rf "$published/aot"
if ! "${publish[@]}" src/CacheProxy -p:PublishAot=true -p:UseArtifactsOutput=true -p:ArtifactsPath="$PWD/$published/aot-build" \
    -o "$published/aot" >"$published/aot.log" 2>&1 || [[ ! -x $published/aot/CacheProxy || -e $published/aot/CacheProxy.dll ]]; then
  rm -rf "$published/aot"
  echo "There is no AOT binary; its rows stay empty ($published/aot.log says why)."
fi

say "Measure"
# 10,000 connections of clients, and as many of the servers.
ulimit -n "$(ulimit -Hn)"
commit=$(git describe --always --dirty 2>/dev/null || echo unknown)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'kill ${running:+"$running"} 2>/dev/null; wait; exit 130' INT TERM
TMPDIR=$work dotnet "$published/load/Load.dll" "${arguments[@]}" --programs "$PWD/$published" --files "$PWD/bench/Peers" --out "$out" --commit "$commit" &
running=$!
wait "$running"
