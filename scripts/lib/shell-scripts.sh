# The stage `shell`: shellcheck on every script of the checkout. Sourced by scripts/test.
# shellcheck shell=bash source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/packages.sh"

# Prints why the stage cannot run here, nothing where it can. Under CI=true check_shell installs what is missing.
shell_obstacle() {
  [[ ${CI:-} == true ]] || command -v shellcheck >/dev/null || echo 'shellcheck is missing: install it'
}

check_shell() {
  local scripts
  command -v shellcheck >/dev/null || install_missing shellcheck || return
  mapfile -t scripts < <(shell_scripts)
  ((${#scripts[@]} > 0)) || fail 'no script was found'
  shellcheck "${scripts[@]}"
}

# Prints every file that begins as a script, or as a part of one, does.
shell_scripts() {
  cd "$root" || return
  find . '(' -name node_modules -o -name dist -o -name .cache -o -name .git ')' -prune -o -type f -exec \
    awk 'FNR > 5 { nextfile } /^#!.*\/(env )?(ba)?sh$|^# shellcheck shell=/ { print FILENAME; nextfile }' {} + | sort
}
