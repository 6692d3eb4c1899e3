# Sourced by every script: where the checkout is, how to speak, how not to step on each other.
# shellcheck shell=bash

root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
cache="$root/.cache"

# Where scripts/ is on PATH, its `node` would stand before Node, and call itself for ever.
path_without_scripts() {
  local entry entries kept=
  IFS=: read -r -a entries <<<"$PATH"
  for entry in "${entries[@]}"; do
    [[ $entry -ef $root/scripts ]] || kept+=":$entry"
  done
  printf '%s' "${kept#:}"
}
PATH=$(path_without_scripts)

# Progress, for people only: a program that reads our output sees nothing of it.
progress() {
  if [[ -t 2 ]]; then printf 'featureseal: %s\n' "$*" >&2; fi
}

fail() {
  printf 'featureseal: %s\n' "$*" >&2
  exit 1
}

# Runs a function while no other script of this checkout runs one; for what writes into the checkout.
with_lock() {
  mkdir -p "$cache" || fail "cannot write to $root: make it writable, or run a copy of it"
  (
    if command -v flock >/dev/null; then flock 9; fi
    "$@"
  ) 9>"$cache/lock"
}

# Runs a command in the checkout, its output kept aside and shown only when it fails.
quietly() {
  local log
  log=$(mktemp)
  if (cd "$root" && "$@") >"$log" 2>&1 </dev/null; then
    rm -f "$log"
  else
    head -n 40 "$log" >&2
    rm -f "$log"
    return 1
  fi
}
