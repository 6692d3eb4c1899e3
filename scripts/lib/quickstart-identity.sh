# What scripts/minikube-quickstart does and waits for with each --identity, until pods have identities. Sourced by it;
# identity is its own.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2154
source "$(dirname "${BASH_SOURCE[0]}")/quickstart.sh"

# What must be defined before the overlay is applied, one of each set.
needed_definitions() {
  echo nodefeatures.nfd.k8s-sigs.io
  if [[ $identity == spire ]]; then echo clusterspiffeids.spire.spiffe.io; fi
}

# The component of the example workload that makes it known.
example_component() {
  if [[ $identity == development ]]; then echo development-identity; else echo spire; fi
}

# What a first run found and chose is remembered in the cluster, where --down finds it from any checkout.
remember() {
  local each made=()
  [[ -z $(remembered identity) ]] || return 0
  for each in $(needed_definitions); do
    kubectl get crd "$each" >/dev/null 2>&1 || made+=("$each")
  done
  kubectl -n default create configmap featureseal-quickstart \
    --from-literal="identity=$identity" --from-literal="definitions=${made[*]}" >/dev/null
}

remembered() {
  kubectl -n default get configmap featureseal-quickstart --ignore-not-found -o "jsonpath={.data.$1}"
}

# has_made DEFINITION: it was not there before us.
has_made() { [[ " $(remembered definitions) " == *" $1 "* ]]; }

forget() { kubectl -n default delete configmap featureseal-quickstart --ignore-not-found >/dev/null; }

install_definitions() {
  local needed
  if [[ $identity == development ]]; then
    kubectl apply -k "$root/deploy/base/crd" >/dev/null || fail 'the definitions were not taken (above: why)'
  else
    # What is there already stays as it is: it may be newer.
    kubectl create -k "$root/deploy/overlays/spire/crd" >/dev/null 2>&1 || true
  fi
  mapfile -t needed < <(needed_definitions)
  await 'the definitions' 'kubectl get crds' kubectl wait --for=condition=Established --timeout=5s "${needed[@]/#/crd/}"
}

# Kubernetes before 1.35 refuses a line of the CSIDriver object: the token comes by the volume's attributes there.
patch_older_development() {
  cat <<'TEXT'
patches:
  - target: { kind: CSIDriver, name: csi.spiffe.io }
    patch: '{ "apiVersion": "storage.k8s.io/v1", "kind": "CSIDriver", "metadata": { "name": "csi.spiffe.io" }, "spec": { "serviceAccountTokenInSecrets": null } }'
TEXT
}
patch_older_spire() { :; }

await_development() {
  local there=featureseal-identity
  await_rollout 'the authority of the development identity' "$there" deployment/featureseal-identity-authority
  await 'the trust bundle in its ConfigMap' "kubectl -n $there logs deployment/featureseal-identity-authority" \
    has_field -n "$there" get configmap featureseal-identity-bundle -o 'jsonpath={.data.bundle\.pem}'
  await_rollout 'the node plugins' "$there" daemonset/featureseal-identity-node-plugin
}

await_spire() {
  await_rollout "SPIRE's server" spire-server statefulset/spire-server
  await 'the trust bundle in its ConfigMap' 'kubectl -n spire-server logs statefulset/spire-server' \
    has_field -n spire-system get configmap spire-bundle -o 'jsonpath={.data.bundle\.spiffe}'
  await_rollout "SPIRE's agents" spire-system daemonset/spire-agent
  await_rollout 'the CSI driver' spiffe-csi daemonset/spiffe-csi-driver
}
