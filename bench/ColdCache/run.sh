#!/usr/bin/env bash
# The seconds after a flush: what the API sees, and how many reads are hits, with and without MaxConcurrentFills and warming. Needs nginx with Lua,
# wrk, redis-server, and a Release build of CacheProxy. bench/ColdCache/run.sh [SECONDS]; a minute is scaled down to 5 s as a rule.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
seconds=${1:-5}
folder=$(mktemp -d)
pids=()
stop() { kill "${pids[@]}" 2>/dev/null || true; wait 2>/dev/null || true; pids=(); }
trap 'stop; rm -rf "$folder"' EXIT

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
until_ready() { for ((i = 0; i < 600; i++)); do "$@" >"$folder/ready" 2>&1 && return; sleep 0.1; done; exit 1; }
hits() { curl -s "http://127.0.0.1:$management/metrics" | awk '/^cacheproxy_requests_total/ && !/refresh/ { all += $NF; if (/"hit"|"collapsed"/) hit += $NF } END { print hit + 0, all + 0 }'; }

measure() {
  local name=$1
  shift
  local api redis proxy
  api=$(free_port) redis=$(free_port) proxy=$(free_port) management=$(free_port)
  cat >"$folder/nginx.conf" <<NGINX
load_module /usr/lib/nginx/modules/ndk_http_module.so;
load_module /usr/lib/nginx/modules/ngx_http_lua_module.so;
daemon off; pid $folder/nginx.pid; error_log $folder/error.log; worker_processes 1;
events { worker_connections 4096; }
http { access_log off; lua_shared_dict stats 4m; server { listen 127.0.0.1:$api backlog=4096; location / { content_by_lua_file $PWD/bench/ColdCache/origin.lua; } } }
NGINX
  nginx -c "$folder/nginx.conf" -p "$folder" 2>"$folder/nginx.log" & pids+=($!)
  redis-server --port "$redis" --bind 127.0.0.1 --save "" --dir "$folder" >"$folder/redis.log" & pids+=($!)
  dotnet src/CacheProxy/bin/Release/net10.0/CacheProxy.dll \
    --Kestrel:Endpoints:Proxy:Url="http://127.0.0.1:$proxy" --Kestrel:Endpoints:Management:Url="http://127.0.0.1:$management" \
    --CacheProxy:Redis:ConnectionString="127.0.0.1:$redis" --CacheProxy:Redis:Timeout=2s --CacheProxy:Policies:customer:Credentials=Shared \
    --ReverseProxy:Clusters:customer-api:Destinations:primary:Address="http://127.0.0.1:$api/" "$@" >"$folder/proxy.log" & pids+=($!)
  until_ready curl -fs "http://127.0.0.1:$management/readyz"
  local load=(wrk -t1 -c200 -s bench/ColdCache/readers.lua "http://127.0.0.1:$proxy")
  "${load[@]}" -d"$((2 * seconds))s" >"$folder/wrk"
  # Until what was learned is shared.
  sleep 6
  redis-cli -p "$redis" flushall >"$folder/flush"
  # The time that readers give it: a flush at night.
  [[ $name == *warm* ]] && until_ready grep -q "has ended" "$folder/proxy.log"
  curl -s "http://127.0.0.1:$api/stats" >"$folder/before"
  local before after total peak p99
  before=$(hits)
  "${load[@]}" -d"${seconds}s" >"$folder/wrk"
  after=$(hits)
  read -r total peak p99 < <(curl -s "http://127.0.0.1:$api/stats")
  awk -v name="$name" -v b="$before" -v a="$after" -v total="$total" -v peak="$peak" -v p99="$p99" 'BEGIN {
    split(b, x, " "); split(a, y, " ")
    printf "| %s | %d | %d | %d ms | %d | %.1f %% |\n", name, total, peak, p99, y[2] - x[2], 100 * (y[1] - x[1]) / (y[2] - x[2]) }'
  stop
}

printf '| | API requests | most at a time | p99 of the API | reads | hits |\n| --- | --- | --- | --- | --- | --- |\n'
limit=(--CacheProxy:Policies:customer:MaxConcurrentFills=20 --CacheProxy:Policies:customer:FillWait=10s)
warm=(--CacheProxy:Policies:customer:Warm:Top=3000 --CacheProxy:Policies:customer:Warm:RatePerSecond=1000)
measure "neither"
measure "\`MaxConcurrentFills: 20\`" "${limit[@]}"
measure "the same, and warm before the readers come" "${limit[@]}" "${warm[@]}"
