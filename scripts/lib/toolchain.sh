# The Node that everything runs on, the project's dependencies, and the build. Each function does nothing
# where its work is done already.
# shellcheck shell=bash source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# Puts the pinned Node first on PATH. Where none runs on this machine, its own must satisfy `engines`.
use_node() {
  if ! is_installed scripts/toolchain; then with_lock install_node || true; fi
  local pinned
  pinned="$root/scripts/toolchain/node_modules/node-linux-$(node_architecture)/bin"
  if "$pinned/node" --version >/dev/null 2>&1; then
    export PATH="$pinned:$PATH"
  elif ! own_node_satisfies; then
    fail "no Node 24 for this machine: install Node.js 24 with npm, or let npm reach its registry, and try again"
  fi
}

node_architecture() {
  case "$(uname -m)" in
    aarch64 | arm64) printf 'arm64' ;;
    *) printf 'x64' ;;
  esac
}

install_node() {
  if is_installed scripts/toolchain; then return; fi
  command -v npm >/dev/null || fail "npm is missing: install Node.js with npm (from version 18) and try again"
  progress "installing Node ..."
  quietly npm ci --prefix scripts/toolchain --ignore-scripts --no-audit --no-fund || no_registry
}

own_node_satisfies() {
  command -v node >/dev/null && node "$root/scripts/lib/satisfies-engines.mjs" "$root/package.json"
}

# npm writes its own record last, so a broken or older installation is never newer than the lock file.
is_installed() {
  local record="$root/$1/node_modules/.package-lock.json"
  [[ -f $record && ! $root/$1/package-lock.json -nt $record ]]
}

ensure_dependencies() {
  if ! is_installed .; then with_lock install_dependencies; fi
}

install_dependencies() {
  if is_installed .; then return; fi
  progress "installing dependencies ..."
  quietly npm ci --include=dev --ignore-scripts --no-audit --no-fund || no_registry
}

no_registry() {
  fail "npm could not install (its own words above); without a network, set up a registry that npm can reach"
}

# The stamp is a digest of all that the build reads; equal stamps, equal builds.
build_stamp() {
  (
    cd "$root" || exit
    find src plugins proto package.json package-lock.json tsconfig.json tsconfig.build.json -type f -print0 |
      LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum
  )
}

build_is_fresh() {
  [[ -f $root/dist/.stamp && $(<"$root/dist/.stamp") == "$(build_stamp)" ]]
}

ensure_build() {
  if ! build_is_fresh; then with_lock build; fi
}

build() {
  if build_is_fresh; then return; fi
  local stamp
  stamp=$(build_stamp)
  progress "building ..."
  quietly npm run build || fail "the build failed (above: why)"
  printf '%s\n' "$stamp" >"$root/dist/.stamp"
}
