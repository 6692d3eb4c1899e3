# What a real Kubernetes node for tests needs beside the control plane of cluster.sh: Debian's container programs, the
# rest of Kubernetes' own, and our image. Sourced by scripts/test.
# shellcheck shell=bash source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/cluster.sh"
source "$(dirname "${BASH_SOURCE[0]}")/packages.sh"

node_packages=(buildah conntrack containerd containernetworking-plugins gcc iproute2 iptables kmod libc6-dev runc util-linux)

# Prints why a node cannot run here, nothing where it can. Under CI=true missing packages are no obstacle: see build_node.
node_obstacle() {
  if [[ $(id -u) != 0 ]]; then
    echo 'it takes root: namespaces, mounts and cgroups of its own'
  elif [[ -n $(cluster_obstacle) ]]; then
    cluster_obstacle
  elif ! command -v dpkg-query >/dev/null; then
    echo 'it takes Debian or Ubuntu'
  elif [[ ${CI:-} != true && -n $(missing_packages "${node_packages[@]}") ]]; then
    printf 'install these Debian packages first: %s\n' "$(missing_packages "${node_packages[@]}")"
  fi
}

# Where build_node puts our image.
node_image() { printf '%s/.cache/node-image.tar\n' "$root"; }

# Installs under CI=true, and nowhere else, what is missing; builds the programs (once) and the image.
build_node() {
  local obstacle
  obstacle=$(node_obstacle)
  [[ -z $obstacle ]] || fail "$obstacle"
  install_missing "${node_packages[@]}" || return
  "$root/test/cluster/node/build" || return
  mkdir -p "$root/.cache"
  "$root/scripts/build-image" --local-base --output "$(node_image)"
}
