# Go programs that tests compare with (test/interop/*/build.sh), kept like those of cluster.sh: outside the checkout,
# under a digest of their sources.
# shellcheck shell=bash source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
source "$(dirname "${BASH_SOURCE[0]}")/packages.sh"

interop_programs=(peer features pq)

# Prints why the programs cannot be built here, nothing where they can.
interop_obstacle() {
  if ! command -v go >/dev/null; then
    echo 'Go is missing: install Go 1.26 or newer'
  elif ! (cd "$root/test/interop/peer" && go list -m) >/dev/null 2>&1; then
    echo 'this Go cannot read test/interop/peer/go.mod: install Go 1.26 or newer'
  fi
}

# Prints the folder of the programs.
interop_bin() {
  local stamp
  stamp=$(
    cd "$root/test/interop" || exit
    {
      find "${interop_programs[@]}" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
      go env GOVERSION GOOS GOARCH
    } | sha256sum
  )
  printf '%s/interop/%s/bin\n' "${FEATURESEAL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/featureseal}" "${stamp:0:16}"
}

# Builds what is missing; a program appears under its name only when it is whole. Installs under CI=true, and nowhere else,
# the database that one of them writes to (test/ha): where it is not, those tests are skipped.
build_interop() {
  local bin program obstacle
  obstacle=$(interop_obstacle)
  [[ -z $obstacle ]] || fail "$obstacle"
  if [[ ${CI:-} == true ]]; then install_missing postgresql || return; fi
  bin=$(interop_bin)
  mkdir -p "$bin"
  for program in "${interop_programs[@]}"; do
    [[ -x $bin/$program ]] || {
      "$root/test/interop/$program/build.sh" "$bin/$program.$$" && mv "$bin/$program.$$" "$bin/$program"
    } || return
  done
}
