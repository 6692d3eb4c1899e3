# Debian's packages that tests need beside Node and Go.
# shellcheck shell=bash source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# missing_packages PACKAGE ...: prints those that are not installed.
missing_packages() {
  local package missing=()
  for package; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
  done
  printf '%s' "${missing[*]}"
}

# install_missing PACKAGE ...: under CI=true alone; elsewhere it is for a person to say what is installed.
install_missing() {
  local missing
  read -r -a missing < <(missing_packages "$@") || true
  ((${#missing[@]} > 0)) || return 0
  [[ ${CI:-} == true ]] || fail "install these Debian packages first: ${missing[*]}"
  apt-get update -qq || return
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${missing[@]}"
}
