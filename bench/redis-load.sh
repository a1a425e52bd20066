#!/usr/bin/env bash
# Measures what hits ask of Redis, without copies and with copies that are held from the 2nd, 3rd, 5th and 8th look-up on: bench/redis-load.sh
# [--quick] [--rounds N] [--longer FACTOR]. The number is a constant, so each is built from a copy of the source with another one.
# Needs nginx with its Lua module and redis-server; takes about 10 minutes, the quick run about 3.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec </dev/null
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1

published=$PWD/bench/artifacts
constant=LookUpsBeforeHold
file=$(grep -rlE "const int $constant = [0-9]+;" src/CacheProxy)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'kill ${running:+"$running"} 2>/dev/null; wait; exit 130' INT TERM

publish() { dotnet publish "$1" -c Release -p:RunAnalyzers=false --nologo -v q -o "$published/$2"; }

publish bench/Load load
publish src/CacheProxy jit
git ls-files -z | xargs -0 cp --parents -t "$work"
for number in 2 3 5 8; do
  sed -i -E "s/(const int $constant = )[0-9]+;/\1$number;/" "$work/$file"
  (cd "$work" && publish src/CacheProxy "held-$number")
done

TMPDIR=$work dotnet "$published/load/Load.dll" --redis-load "$@" --programs "$published" --files "$PWD/bench/Peers" &
running=$!
wait "$running"
