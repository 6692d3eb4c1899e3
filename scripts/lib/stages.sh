# Runs named stages one after the other and keeps count. Sourced by scripts/test.
# shellcheck shell=bash source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

passed=0
failed=0
skipped=0

# run_stage NAME FUNCTION: one static stage, its output shown only when it fails.
run_stage() {
  local name=$1 log started
  shift
  log=$(mktemp)
  started=$(microseconds)
  printf '%-10s ' "$name"
  if (cd "$root" && "$@") >"$log" 2>&1 </dev/null; then
    passed=$((passed + 1))
    printf 'ok      %6s s\n' "$(seconds_since "$started")"
    rm -f "$log"
  else
    failed=$((failed + 1))
    printf 'FAILED  %6s s\n' "$(seconds_since "$started")"
    cat "$log"
    rm -f "$log"
    return 1
  fi
}

# skipped_stage NAME REASON: says that what needs this stage is left out.
skipped_stage() {
  printf '%-10s skipped: %s\n' "$1" "$2"
}

# run_jest_stage NAME [ARGUMENT ...]: jest with its own output, each test counted.
run_jest_stage() {
  local name=$1 results started status=0 counts jest
  shift
  results=$(mktemp)
  started=$(microseconds)
  printf '%-10s ...\n' "$name"
  # A test that fails half way may leave something open that keeps jest from ending.
  (cd "$root" && exec timeout --kill-after=30 40m npm test --silent -- --ci --json --outputFile="$results" "$@") </dev/null &
  jest=$!
  # `timeout` leads a group of its own, which a terminal's ctrl-C does not reach.
  trap 'kill "$jest"; wait "$jest" || true; rm -f "$results"; exit 130' INT TERM
  wait "$jest" || status=$?
  trap - INT TERM
  read -r -a counts < <(node "$root/scripts/lib/jest-counts.mjs" "$results" "$status")
  rm -f "$results"
  passed=$((passed + counts[0]))
  failed=$((failed + counts[1]))
  skipped=$((skipped + counts[2]))
  if ((counts[1] == 0)); then
    printf '%-10s ok      %6s s\n' "$name" "$(seconds_since "$started")"
  else
    printf '%-10s FAILED  %6s s\n' "$name" "$(seconds_since "$started")"
    return 1
  fi
}

# The closing line, alone on its line.
summary() {
  printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
}

microseconds() {
  # The separator follows the locale.
  printf '%s' "${EPOCHREALTIME/[.,]/}"
}

seconds_since() {
  local tenths=$((($(microseconds) - $1) / 100000))
  printf '%d.%d' $((tenths / 10)) $((tenths % 10))
}
