# The programs of a Kubernetes control plane for tests, built from Go modules (test/cluster/tools), and csi-sanity, helm and
# promtool, each from one of its own (test/cluster/csi-sanity, helm, prometheus). They go into a cache outside the checkout,
# under a digest of all that decides what they are: a fresh clone builds nothing twice.
# shellcheck shell=bash source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

cluster_tools="$root/test/cluster/tools"
cluster_programs=(
  etcd=go.etcd.io/etcd/server/v3
  kube-apiserver=k8s.io/kubernetes/cmd/kube-apiserver
  csi-sanity=github.com/kubernetes-csi/csi-test/v5/cmd/csi-sanity
  helm=helm.sh/helm/v4/cmd/helm
  promtool=github.com/prometheus/prometheus/cmd/promtool
)

# Prints why the programs cannot be built here, nothing where they can.
cluster_obstacle() {
  if ! command -v go >/dev/null; then
    echo 'Go is missing: install Go 1.26 or newer'
  elif ! (cd "$cluster_tools" && go list -m) >/dev/null 2>&1; then
    printf 'this Go cannot read test/cluster/tools/go.mod: %s\n' "$(cd "$cluster_tools" && go list -m 2>&1 | head -n 1)"
  fi
}

# Prints the folder of the programs.
cluster_bin() {
  local stamp
  # This file too: it holds the flags.
  stamp=$(
    cd "$cluster_tools" || exit
    {
      cat go.mod go.sum ../{csi-sanity,helm,prometheus}/go.{mod,sum} "$root/scripts/lib/cluster.sh"
      go env GOVERSION GOOS GOARCH
    } | sha256sum
  )
  printf '%s/cluster/%s/bin\n' "${FEATURESEAL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/featureseal}" "${stamp:0:16}"
}

cluster_is_built() {
  local bin program
  bin=$(cluster_bin)
  for program in "${cluster_programs[@]}"; do
    [[ -x $bin/${program%%=*} ]] || return 1
  done
}

# Builds what is missing; several checkouts may do so at the same time.
build_cluster() {
  local bin program obstacle
  obstacle=$(cluster_obstacle)
  [[ -z $obstacle ]] || fail "$obstacle"
  bin=$(cluster_bin)
  mkdir -p "$bin"
  (
    if command -v flock >/dev/null; then flock 8; fi
    for program in "${cluster_programs[@]}"; do
      [[ -x $bin/${program%%=*} ]] || build_cluster_program "${program#*=}" "$bin/${program%%=*}" || exit
    done
  ) 8>"$bin/../lock"
}

# build_cluster_program PACKAGE FILE: a program appears under its name only when it is whole.
build_cluster_program() {
  local package=$1 file=$2 module=$cluster_tools tags='' version
  case $package in
    */csi-sanity | */helm) module=$root/test/cluster/${package##*/} ;;
    # Without what finds targets in clouds, most of the program, which its go.mod has not got either.
    */promtool) module=$root/test/cluster/prometheus tags=remove_all_sd ;;
  esac
  version=$(cd "$cluster_tools" && go list -m -f '{{.Version}}' k8s.io/kubernetes)
  # One CGO_ENABLED for all, or what they share is compiled twice. Without its version a program would say v0.0.0.
  (cd "$module" && CGO_ENABLED=0 go build -mod=readonly -trimpath -tags "$tags" \
    -ldflags "-s -w -X k8s.io/component-base/version.gitVersion=$version" -o "$file.new" "$package") &&
    mv "$file.new" "$file"
}
