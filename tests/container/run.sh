#!/usr/bin/env bash
# Both images, built by buildah from their Dockerfiles. Only the images that these begin with are stand-ins, made from this machine's own
# .NET. Then the pod: each image's root file system, read-only and as its user, and requests through the sidecar.
# With an argument, the sidecar's published files are left in that folder, for other tests to start.
# With a second one, the images are started once that file is there: they can be built beside tests that mostly wait.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
exec </dev/null

# What the image adds to its base. Raise it with a reason: each pod's node pulls it.
ceiling=$((32 * 1024 * 1024))

if ((EUID != 0)); then
  exec sudo -n --preserve-env "$0" "$@"
fi

need() {
  if ! command -v "$1" >/dev/null; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${@:2}"
  fi
}
need buildah buildah
need curl curl
need docker-registry docker-registry
if ! command -v clang >/dev/null; then
  need gcc gcc libc6-dev
fi

work=$(mktemp -d)
chmod 755 "$work"
pids=()
# shellcheck source=bases.sh
source "$here/bases.sh"

stop() {
  local pid
  for pid in "${pids[@]}"; do
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  b rm --all >/dev/null 2>&1 || true
  umount "$work/images/overlay" 2>/dev/null || true
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

# Builds image $1 by Dockerfile $2. RUN runs in a root of its own, with this machine's network: no container runtime is needed.
# Whatever else this machine has to do goes first.
build() {
  (
    renice -n 19 -p "$BASHPID" >/dev/null
    b bud --quiet --pull-never --isolation chroot "${sdk_mounts[@]}" --tag "$1" --file "$2" "$root" >"$work/build.log" 2>&1
  ) || fail "building $1"
}

inspect() { b inspect --type image --format "$2" "$1"; }

# Unpacks image $1. Sets $files, its root.
unpack() { files=$(b mount "$(b from --pull-never "$1")"); }

# Starts image $1, unpacked in $files, as the kubelet would: what is to be mounted ("SOURCE:TARGET", $3 words), then variables.
start() {
  local image=$1 mounts=$2 user directory command environment
  shift 2
  user=$(inspect "$image" '{{.OCIv1.Config.User}}')
  directory=$(inspect "$image" '{{.OCIv1.Config.WorkingDir}}')
  mapfile -t command < <(inspect "$image" '{{range .OCIv1.Config.Entrypoint}}{{println .}}{{end}}')
  mapfile -t environment < <(inspect "$image" '{{range .OCIv1.Config.Env}}{{println .}}{{end}}')
  [[ $user =~ ^[1-9][0-9]*$ ]] || fail "$image runs as '$user', not as a user's number above 0"
  unshare --mount --propagation private bash "$here/pod.sh" "$files" "$mounts" "$user" "$directory" \
    "${#command[@]}" "${command[@]}" "${environment[@]}" "$@" >"$work/$image.log" 2>&1 &
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

# A process of an image: its user, its rights, and its root.
check_process() {
  local owner
  owner=$(awk '/^Uid:/ { print $2 }' "/proc/$1/status")
  ((owner == 1654)) || fail "process $1 runs as user $owner"
  grep -q '^CapEff:[[:space:]]*0*$' "/proc/$1/status" || fail "process $1 has rights: $(grep ^Cap "/proc/$1/status")"
  awk '$5 == "/" { last = $6 } END { exit last !~ /^ro(,|$)/ }' "/proc/$1/mountinfo" || fail "the root file system of process $1 can be written"
}

ask() { curl -sS --noproxy '*' --max-time 10 -H 'X-Tenant-Subdomain: demo' -D "$work/head" -o "$work/body" "$@"; }

expect() {
  local status=$1 cache=$2 what=$3
  grep -q "^HTTP/1.1 $status" "$work/head" || fail "$what: $(head -n 1 "$work/head")"
  grep -qi "^Cache-Status: $cache" "$work/head" || fail "$what: $(grep -i '^Cache-Status' "$work/head" || echo 'no Cache-Status')"
  echo "$what: $(grep -i '^Cache-Status' "$work/head" | tr -d '\r')"
}

base mcr.microsoft.com/dotnet/sdk:10.0-noble-aot sdk "${sdk_variables[@]}"
base mcr.microsoft.com/dotnet/sdk:10.0 sdk "${sdk_variables[@]}"
base mcr.microsoft.com/dotnet/runtime-deps:10.0-noble-chiseled runtime_deps
base mcr.microsoft.com/dotnet/aspnet:10.0 aspnet

build customer-api "$root/samples/CustomerApi/Dockerfile"
echo "The sample API's image is built."
build cacheproxy "$root/Dockerfile"
echo "The sidecar's image is built."
until [[ -z ${2:-} || -e ${2:-} ]]; do
  sleep 0.5
done

unpack customer-api
mkdir -p "$work/data" "$files/data"
chmod 777 "$work/data"
free_port && api=$free
start customer-api "$work/data:/data:rw" "ASPNETCORE_URLS=http://localhost:$api" "Database__Path=/data/customers.db"

unpack cacheproxy
ls -l "$files/app"
size=$(du --apparent-size --block-size=1 --summarize "$files/app" | cut -f 1)
echo "The published files have $size bytes; at most $ceiling are allowed."
((size <= ceiling)) || fail "the published files are too large"
[[ -f $files/app/appsettings.json ]] || fail "no appsettings.json in the image"

# What the binary is made of, for scanners: each package by name and version.
while read -r package; do
  version=$(sed -n "s/.*PackageVersion Include=\"$package\" Version=\"\([^\"]*\)\".*/\1/p" "$root/Directory.Packages.props")
  grep -qF "\"$package/$version\"" "$files/app/CacheProxy.deps.json" || fail "$package $version is not in the image's list"
done < <(sed -n 's/.*PackageReference Include="\([^"]*\)".*/\1/p' "$root/src/CacheProxy/CacheProxy.csproj")
version=$(sed -n 's/.*<Version>\(.*\)<\/Version>.*/\1/p' "$root/Directory.Build.props")
labels=$(inspect cacheproxy '{{range $name, $value := .OCIv1.Config.Labels}}{{println $name $value}}{{end}}')
grep -qxF "org.opencontainers.image.version $version" <<<"$labels" || fail "the labels do not say version $version: $labels"
if [[ -n ${1:-} ]]; then
  mkdir -p "$1"
  cp -R "$files/app/." "$1/"
fi

# What Kubernetes mounts, where it mounts it.
mkdir -p "$files/app/config"
echo '{}' >"$work/nothing.json"
policies=$root/deploy/k8s/components/customer-api/policies
find "$files" -type f | sort >"$work/before"
free_port && proxy=$free
free_port && management=$free
start cacheproxy "$policies:/app/config:ro $work/nothing.json:/app/appsettings.json:ro" \
  "Kestrel__Endpoints__Proxy__Url=http://127.0.0.1:$proxy" \
  "Kestrel__Endpoints__Management__Url=http://127.0.0.1:$management" \
  "ReverseProxy__Clusters__customer-api__Destinations__primary__Address=http://localhost:$api/"

await "http://localhost:$api/healthz" "${pids[0]}"
await "http://127.0.0.1:$management/readyz" "${pids[1]}"
await "http://127.0.0.1:$management/livez" "${pids[1]}"

grep -q '"Id":1000' <(head -n 1 "$work/cacheproxy.log") || fail "the sidecar says something before it says that it listens"

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

check_process "${pids[0]}"
check_process "${pids[1]}"
find "$files" -type f | sort | diff "$work/before" - || fail "the sidecar wrote into its own file system"

# As Kubernetes ends a pod.
kill -TERM "${pids[1]}"
code=0
wait "${pids[1]}" || code=$?
((code == 0)) || fail "the sidecar ended with exit code $code"
grep -q 'CacheProxy stopped' "$work/cacheproxy.log" || fail "the sidecar did not say that it stopped"
echo "The images work: read-only, as user 1654."

# The other way to an image, without a Dockerfile. .NET takes the base from a registry, so one is started that has the stand-in alone.
free_port && registry=127.0.0.1:$free
mkdir "$work/registry"
cat >"$work/registry.yml" <<CONFIGURATION
version: 0.1
storage: { filesystem: { rootdirectory: $work/registry } }
http: { addr: $registry }
CONFIGURATION
docker-registry serve "$work/registry.yml" >"$work/registry.log" 2>&1 &
pids+=($!)
await "http://$registry/v2/" $!
b push --quiet --tls-verify=false mcr.microsoft.com/dotnet/aspnet:10.0 "docker://$registry/dotnet/aspnet:10.0-noble-chiseled"
built=()
if [[ -f $root/src/CacheProxy/bin/Release/net10.0/CacheProxy.dll ]]; then
  built=(--no-build)
fi
DOTNET_CONTAINER_INSECURE_REGISTRIES=$registry dotnet publish "$root/src/CacheProxy" -c Release "${built[@]}" -t:PublishContainer --nologo -v q \
  -p:ContainerBaseImage="$registry/dotnet/aspnet:10.0-noble-chiseled" -p:ContainerArchiveOutputPath="$work/published.tar"
b pull --quiet "oci-archive:$work/published.tar" >/dev/null
b tag "$(b images --quiet --filter reference=cacheproxy:0.1.0 | head -n 1)" published
unpack published
free_port && proxy=$free
free_port && management=$free
start published "" "Kestrel__Endpoints__Proxy__Url=http://127.0.0.1:$proxy" "Kestrel__Endpoints__Management__Url=http://127.0.0.1:$management"
await "http://127.0.0.1:$management/readyz" "${pids[-1]}"
check_process "${pids[-1]}"
echo "dotnet publish -t:PublishContainer makes an image that works, too."
