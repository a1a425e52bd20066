#!/usr/bin/env bash
# Builds, checks and tests everything. The last line is "N passed, N failed"; the exit code is 0 only if nothing failed.
# A step that is no test (the build, the format) counts only when it fails. What failed is shown once more at the end, and before it what
# failed among the others and passed alone: see "A test that fails once" in CONTRIBUTING.md.
# With CACHEPROXY_TEST_PROGRAM=PATH it runs, after a build, the integration tests against that program as a process, such as the image's
# native binary; tests that look into the product, those of its parts, and the long ones under load are left out.
# With CACHEPROXY_BUILT=FILE that file is made as soon as all is built, for what may go on beside the tests.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
exec </dev/null
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1

solution=CacheProxy.sln
passed=0
failed=0
skipped=0
running=
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
trap 'kill ${running:+"$running"} 2>/dev/null; exit 130' INT TERM

say() { printf '\n== %s\n' "$*"; }

fail() {
  echo "FAILED: $*" >&2
  echo "$*" >>"$results/failures"
  failed=$((failed + 1))
}

finish() {
  if ((passed + failed == 0)); then
    fail "no test ran"
  fi
  if [[ -s $results/again ]]; then
    say "Passed only when run again, alone"
    cat "$results/again"
    echo
  fi
  if [[ -s $results/failures ]]; then
    say "Failed"
    cat "$results/failures"
    echo
  fi
  if ((skipped > 0)); then
    echo "$skipped skipped"
  fi
  echo "$passed passed, $failed failed"
  if ((failed > 0)); then
    exit 1
  fi
  exit 0
}

# The tests start Redis servers of their own, and have promtool and Prometheus read /metrics; they need the programs, not a service.
programs=(redis-server redis-cli promtool prometheus)
packages=(redis-server redis-tools prometheus)

have_programs() { [[ $(command -v "${programs[@]}" | wc -l) -eq ${#programs[@]} ]]; }

install_programs() {
  local as_root=()
  if ((EUID != 0)); then
    as_root=(sudo -n)
  fi
  if ! command -v apt-get >/dev/null || { ((EUID != 0)) && ! sudo -n true 2>/dev/null; }; then
    echo "The tests need ${programs[*]}. Install them (Debian: apt-get install ${packages[*]}) and run this again." >&2
    return 1
  fi
  "${as_root[@]}" apt-get update -qq &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}"
}

# The number that one attribute of the summary in a result file holds.
count_of() {
  local number
  number=$(grep -o '<Counters [^>]*' "$2" | grep -o " $1=\"[0-9]*\"" | tr -dc '0-9')
  echo "${number:-0}"
}

# The test projects are programs; run as such, they name at once what has run for ten minutes. A run that hangs is ended, with all that
# it has started: the platform's own time limit waits for the test that hangs.
run_program() {
  local project=$1 file=$2 name code=0
  shift 2
  name=$(basename "$project" .csproj)
  timeout --kill-after=30 30m "$(dirname "$project")/bin/Release/net10.0/$name" \
    -noLogo -noColor -longRunning 600 -result-trx "$file" "$@" > >(tee "${file%.trx}.log") &
  running=$!
  wait "$running" || code=$?
  running=
  return "$code"
}

# What a method's cases said when they failed, from the log of a run.
failures_of() { awk -v method="$1" '/ \[FAIL\]$/ { split($1, word, "("); left = word[1] == method ? 26 : 0 } /^  Finished: / { left = 0 } left-- > 0' "$2"; }

# Once more, alone, at most three methods: more than that is no coincidence. A violation of a promise counts the first time, and so does what
# fails without any I/O, and an example that a property test has drawn.
run_again() {
  local project=$1 log=$2 method file good methods candidates
  local promises='\.(Consistency|LongRuns)\.|UnderLoad|^CacheProxy\.Tests\.'
  mapfile -t methods < <(sed -n 's/^ *\([^ (]*\).* \[FAIL\]$/\1/p' "$log" | sort -u)
  mapfile -t candidates < <(printf '%s\n' "${methods[@]}" | grep -vE "$promises")
  for method in "${methods[@]}"; do
    file="$results/again.trx"
    rm -f "$file"
    if ((${#candidates[@]} <= 3)) && [[ ! $method =~ $promises ]] && ! failures_of "$method" "$log" | grep -q Falsifiable; then
      say "Once more, alone: $method"
      if run_program "$project" "$file" -method "$method" && good=$(count_of passed "$file") && ((good > 0)); then
        good=$(grep -cE "^ *${method//./\\.}(\(.*)? \[FAIL\]$" "$log")
        passed=$((passed + good))
        failed=$((failed - good))
        failures_of "$method" "$log" >>"$results/again"
        continue
      fi
    fi
    failures_of "$method" "$log" >>"$results/failures"
  done
}

# Tests that start servers mostly wait for them: twice as many at a time as there are processors take half as long.
run_tests() {
  local project=$1 name code=0 file
  shift
  name=$(basename "$project" .csproj)
  file="$results/$name.trx"
  say "Test $name"
  run_program "$project" "$file" -maxThreads 2x "$@" || code=$?
  if [[ ! -f $file ]]; then
    grep -A 25 '\[FAIL\]$' "$results/$name.log" >>"$results/failures"
    fail "$name left no results (exit code $code)"
    return
  fi
  local total executed good
  total=$(count_of total "$file")
  executed=$(count_of executed "$file")
  good=$(count_of passed "$file")
  passed=$((passed + good))
  failed=$((failed + executed - good))
  skipped=$((skipped + total - executed))
  if ((executed == 0)); then
    fail "$name ran no test"
  elif ((code != 0 && executed == good)); then
    fail "$name ended with exit code $code though no test failed"
  elif ((executed > good)); then
    run_again "$project" "$results/$name.log"
  fi
}

if ! have_programs; then
  say "Install ${packages[*]}"
  if ! install_programs || ! have_programs; then
    fail "one of ${programs[*]} is missing"
    finish
  fi
fi

if [[ -n ${CACHEPROXY_TEST_PROGRAM:-} ]]; then
  run_tests tests/CacheProxy.IntegrationTests/CacheProxy.IntegrationTests.csproj \
    -namespace- '*.Consistency' -namespace- '*.Consistency.*' -namespace- '*.Cost' -namespace- '*.Samples' -namespace- '*.Store' \
    -class- '*.DependencyCostTests' -class- '*.ClusterUnderLoadTests' -class- '*.SentinelUnderLoadTests' -class- '*.LongRunTests' \
    -class- '*.OutsideWritesTests' -class- '*.PurgeRunTests'
  echo
  finish
fi

say "Build"
if ! dotnet build "$solution" -c Release --nologo -v q -warnaserror; then
  fail "the build"
  finish
fi

if [[ -n ${CACHEPROXY_BUILT:-} ]]; then
  : >"$CACHEPROXY_BUILT"
fi

# The rules of style are the build's, as errors. It knows nothing of the order of usings and the ends of files.
say "Format"
dotnet format whitespace "$solution" --no-restore --verify-no-changes || fail "the format (mend it with: dotnet format whitespace)"
dotnet format style "$solution" --no-restore --verify-no-changes --diagnostics IMPORTS || fail "the order of usings (mend it with: dotnet format style)"

for project in tests/*/*.csproj; do
  run_tests "$project"
done

echo
finish
