#!/usr/bin/env bash
# The pod without a container engine: builds both images by the lines of their Dockerfiles, starts them as their users, with nothing of
# this environment and, where this machine lets us, on a file system that cannot be written, and sends requests through the sidecar.
# With an argument, the sidecar's program and its configuration are left in that folder, for other tests to start.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
exec </dev/null
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1
# shellcheck source=dockerfile.sh
source "$here/dockerfile.sh"

if ! command -v curl >/dev/null; then
  echo "This needs curl (Debian: apt-get install curl)." >&2
  exit 1
fi

if ! command -v clang gcc >/dev/null; then
  echo "This needs a linker for the native binary, clang or gcc (Debian: apt-get install gcc libc6-dev)." >&2
  exit 1
fi

work=$(mktemp -d)
chmod 755 "$work"
pids=()

stop() {
  local pid
  for pid in "${pids[@]}"; do
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  rm -rf "$work"
}
trap stop EXIT

fail() {
  echo "FAILED: $*" >&2
  tail -n 40 "$work"/*.log >&2
  exit 1
}

# A port below the range that outgoing connections take theirs from.
free_port() {
  local port attempt
  for attempt in {1..50}; do
    port=$((20000 + RANDOM % 12000))
    if [[ -z ${taken[$port]:-} ]] && ! (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      taken[$port]=1
      free=$port
      return
    fi
  done
  fail "no free port"
}
declare -A taken

# Root becomes the image's user and gives up everything; anybody else is not root already.
as_user=()
if ((EUID == 0)); then
  as_user=(setpriv --reuid "USER" --regid "USER" --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs)
fi
read_only=()
if unshare --mount --propagation private mount -o remount,bind,ro / 2>/dev/null; then
  read_only=(unshare --mount --propagation private sh -c 'mount -o remount,bind,ro / && exec "$@"' sh)
  echo "The file system is read-only for the sidecar."
else
  echo "This machine does not let us make the file system read-only for the sidecar: not tried."
fi

# Starts the image built last: its entrypoint, its environment, and what a pod would add ($2 and on).
start() {
  local name=$1 command
  shift
  # The JSON form of ENTRYPOINT, whose words have no spaces here.
  read -ra command <<<"$(tr -d '[],"' <<<"$entrypoint")"
  [[ $user =~ ^[1-9][0-9]*$ ]] || fail "$name runs as '$user', not as a user's number above 0"
  (
    cd "$stage$workdir"
    exec "${front[@]}" "${as_user[@]/USER/$user}" env -i "PATH=$PATH" ${DOTNET_ROOT:+"DOTNET_ROOT=$DOTNET_ROOT"} \
      "${environment[@]}" "$@" "${command[@]}"
  ) >"$work/$name.log" 2>&1 &
  pids+=($!)
}

await() {
  local url=$1 pid=$2 i
  for i in {1..300}; do
    if curl -fsS --noproxy '*' --max-time 5 -o /dev/null "$url" 2>/dev/null; then
      return
    fi
    kill -0 "$pid" 2>/dev/null || fail "ended before it answered $url"
    sleep 0.1
  done
  fail "no answer from $url"
}

ask() { curl -sS --noproxy '*' --max-time 10 -H 'X-Tenant-Subdomain: demo' -D "$work/head" -o "$work/body" "$@"; }

expect() {
  local status=$1 cache=$2 what=$3
  grep -q "^HTTP/1.1 $status" "$work/head" || fail "$what: $(head -n 1 "$work/head")"
  grep -qi "^Cache-Status: $cache" "$work/head" || fail "$what: $(grep -i '^Cache-Status' "$work/head" || echo 'no Cache-Status')"
  echo "$what: $(grep -i '^Cache-Status' "$work/head" | tr -d '\r')"
}

echo "The sample API's image:"
build_image "$root/samples/CustomerApi/Dockerfile" "$work/api"
free_port && api=$free
mkdir "$work/data" && chmod 777 "$work/data"
front=()
start api "ASPNETCORE_URLS=http://localhost:$api" "Database__Path=$work/data/customers.db"

echo "The sidecar's image:"
build_image "$root/Dockerfile" "$work/sidecar"
[[ -f $stage$workdir/appsettings.json ]] || fail "no appsettings.json in the image"
ls -l "$stage$workdir"
if [[ -n ${1:-} ]]; then
  mkdir -p "$1"
  cp -R "$stage$workdir/." "$1/"
fi
# What Kubernetes mounts, where it mounts it.
mkdir "$stage$workdir/config"
cp "$root/deploy/k8s/components/customer-api/policies/appsettings.json" "$stage$workdir/config/"
find "$stage" -type f | sort >"$work/before"
free_port && proxy=$free
free_port && management=$free
front=("${read_only[@]}")
start sidecar "Kestrel__Endpoints__Proxy__Url=http://127.0.0.1:$proxy" \
  "Kestrel__Endpoints__Management__Url=http://127.0.0.1:$management" \
  "ReverseProxy__Clusters__customer-api__Destinations__primary__Address=http://localhost:$api/"

await "http://localhost:$api/healthz" "${pids[0]}"
await "http://127.0.0.1:$management/readyz" "${pids[1]}"
await "http://127.0.0.1:$management/livez" "${pids[1]}"

customer=http://127.0.0.1:$proxy/api/customers/1
ask "$customer"
expect 200 'cacheproxy; fwd=uri-miss; fwd-status=200; stored' "The first request"
cp "$work/body" "$work/first"
ask "$customer"
expect 200 'cacheproxy; hit' "The second request"
cmp "$work/first" "$work/body" || fail "the hit is not what the API answered"
ask -X PUT -H 'Content-Type: application/json' -d '{"firstName":"Ada"}' "$customer"
ask "$customer"
expect 200 'cacheproxy; fwd=uri-miss; fwd-status=200; stored' "After an update"
grep -q '"firstName":"Ada"' "$work/body" || fail "the update is not there: $(cat "$work/body")"
ask "http://127.0.0.1:$management/metrics"
grep -q '^cacheproxy_requests_total{detail="",outcome="hit",policy="customer"} 1$' "$work/body" || fail "/metrics: $(cat "$work/body")"

find "$stage" -type f | sort | diff "$work/before" - || fail "the sidecar wrote into its own folder"
if ((EUID == 0)); then
  owner=$(ps -o uid= -p "${pids[1]}" | tr -d ' ')
  [[ $owner == "$user" ]] || fail "the sidecar runs as user $owner"
fi

# As Kubernetes ends a pod.
kill -TERM "${pids[1]}"
code=0
wait "${pids[1]}" || code=$?
((code == 0)) || fail "the sidecar ended with exit code $code"
grep -q 'CacheProxy stopped' "$work/sidecar.log" || fail "the sidecar did not say that it stopped"
echo "The pod without a container engine works."
