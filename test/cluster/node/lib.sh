# What start, stop and enter share: the state of the one node that a checkout may have.
# shellcheck shell=bash source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/../../../scripts/lib/toolchain.sh"

here="$root/test/cluster/node"
state_file="$root/.cache/node/state"

# Sets pid, folder, kubeconfig and entrance; fails where no node runs.
read_state() {
  [[ -f $state_file ]] || return 1
  { read -r pid && read -r folder && read -r kubeconfig && read -ra entrance; } <"$state_file"
  # The number may be another process's by now.
  [[ $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null) == *"$here/main.ts"* ]] || return 1
  export folder kubeconfig entrance
}
