#!/usr/bin/env bash
# Runs the public HTTP cache test suite against a cache. Usage: run.sh [CACHE] [RUNS]
#   cacheproxy  the built CacheProxy with catch-all.json, caching in memory (the default)
#   redis       the same, caching in a Redis of its own
#   nginx, varnish, apache, squid, trafficserver  the peers from Debian, for the comparison in docs/http.md
# Each test counts as most of the RUNS (3) saw it. With one run, what fails without being known to is tried twice more.
# SUITE=FOLDER takes a checkout of the suite's repository, with its packages installed, in place of the release in npm.
# Exit code 0 for CacheProxy only if as many tests pass as are expected and docs/http.md has a reason for each that does not.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${1:-cacheproxy}
runs=${2:-3}
version=0.4.5
exec </dev/null

fail() {
  echo "$1" >&2
  exit 1
}

as_root() {
  if ((EUID == 0)); then
    "$@"
  else
    sudo -n "$@"
  fi
}

# Debian starts a service that it installs, unless a policy forbids it.
install_quietly() {
  local policy=/usr/sbin/policy-rc.d own_policy= code=0
  if [[ ! -e $policy ]]; then
    own_policy=$policy
    as_root sh -c "printf '#!/bin/sh\nexit 101\n' >$policy && chmod +x $policy"
  fi
  { as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } || code=$?
  if [[ -n $own_policy ]]; then
    as_root rm "$own_policy"
  fi
  return "$code"
}

case $cache in
  cacheproxy | redis)
    [[ -f $here/../../src/CacheProxy/bin/Release/net10.0/CacheProxy.dll ]] ||
      fail "CacheProxy is not built. Run: dotnet build CacheProxy.sln -c Release"
    ;;
  nginx) command -v nginx >/dev/null || install_quietly nginx-light ;;
  varnish) command -v varnishd >/dev/null || install_quietly varnish ;;
  apache) command -v apache2 >/dev/null || install_quietly apache2 ;;
  squid) command -v squid >/dev/null || install_quietly squid ;;
  trafficserver) command -v traffic_server >/dev/null || install_quietly trafficserver ;;
  *) fail "No such cache: $cache. Choose cacheproxy, redis, nginx, varnish, apache, squid or trafficserver." ;;
esac
[[ $runs =~ ^[1-9]$ ]] || fail "RUNS is a number from 1 to 9, not $runs."
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  fail "This needs node and npm (Debian: apt-get install nodejs npm)."
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Some peers give up root, and must still reach their files.
chmod 755 "$work"
mkdir "$work/cache"
if [[ -n ${SUITE:-} ]]; then
  suite=$(cd "$SUITE" && pwd)
else
  suite=$work/node_modules/http-cache-tests
  echo '{ "private": true }' >"$work/package.json"
  # The suite names npm itself among its dependencies, for its own commands; nothing here runs it.
  npm install --prefix "$work" --ignore-scripts --no-audit --no-fund --loglevel=error "http-cache-tests@$version"
fi
timeout -k 30 1200 node "$here/suite.mjs" "$suite" "$work/cache" "$cache" "$runs"
