# What scripts/minikube-quickstart shows on a cluster where all is installed. Sourced by it; namespace, context, kubeconfig
# and options are its own, node is set by show_labels.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2154
source "$(dirname "${BASH_SOURCE[0]}")/quickstart.sh"

show_identity() {
  local example=(-n featureseal-example logs deployment/example-workload)
  await_rollout 'the example workload' featureseal-example deployment/example-workload
  await "the example workload's identity" "kubectl ${example[*]}" says_spiffe_id "${example[@]}"
  heading 'The example workload has this SVID and this bundle, through its csi.spiffe.io volume:'
  # The newest of the tables that it writes.
  kubectl "${example[@]}" | awk '/^SPIFFE ID/ { text = "" } { text = text $0 "\n" } END { printf "%s", text }'
}

says_spiffe_id() { kubectl "$@" | grep -m 1 '^spiffe://'; }

show_labels() {
  local template labels
  node=$(kubectl -n "$namespace" get pods -l app.kubernetes.io/component=worker -o 'jsonpath={.items[0].spec.nodeName}')
  await "the sealed NodeFeature of $node" "kubectl -n $namespace logs daemonset/featureseal-worker" \
    has_field -n "$namespace" get nodefeature "$node" -o 'jsonpath={.metadata.annotations.featureseal\.io/signature}'
  await "the labels of $node" "kubectl -n $namespace logs deployment/featureseal-master; kubectl -n $namespace get events" \
    has_field get node "$node" -o 'jsonpath={.metadata.annotations.featureseal\.io/accepted}'
  # shellcheck disable=SC2016 # the template's own
  template='{{range $key, $value := .metadata.labels}}{{$key}}={{$value}}{{"\n"}}{{end}}'
  labels=$(kubectl get node "$node" -o go-template="$template" | grep '^feature\.node\.kubernetes\.io/')
  heading "$node has $(wc -l <<<"$labels") labels, each from a seal that was verified; some of them:"
  # Those of the CPU alone would fill the screen.
  grep -v /cpu-cpuid <<<"$labels" | sed 's/^/  /' | head -n 12
}

# Edits a NodeFeature as anybody may who has the right to write it.
tamper() {
  local claim=feature.node.kubernetes.io/quickstart-claim before
  refused="reason=NodeFeatureRefused,regarding.name=$node"
  before=$(refusals)
  heading "Now by hand: the NodeFeature of $node claims $claim=true"
  kubectl -n "$namespace" patch nodefeature "$node" --type=merge -p "{\"spec\":{\"labels\":{\"$claim\":\"true\"}}}"
  await 'the refusal, as an Event' "kubectl -n $namespace logs deployment/featureseal-master; kubectl -n $namespace get events" \
    is_refused_since "$before"
  printf 'refused: %s\n' "$(kubectl -n "$namespace" get events.v1.events.k8s.io --field-selector "$refused" --sort-by=.metadata.resourceVersion -o 'jsonpath={.items[-1:].note}')"
  await 'the worker, which puts its object back' "kubectl -n $namespace logs daemonset/featureseal-worker" lacks_claim
  has_field get node "$node" -o "jsonpath={.metadata.labels.${claim//./\\.}}" &&
    fail "the label $claim is on $node: that must never happen, please report it"
  printf 'put back by its worker; %s never had the label\n' "$node"
}

# Name and version of each Event of a refusal: a repetition is a new version.
refusals() {
  kubectl -n "$namespace" get events.v1.events.k8s.io --field-selector "$refused" \
    -o 'jsonpath={range .items[*]}{.metadata.name} {.metadata.resourceVersion}{"\n"}{end}'
}
is_refused_since() { [[ $(refusals) != "$1" ]]; }
lacks_claim() { ! has_field -n "$namespace" get nodefeature "$node" -o 'jsonpath={.spec.labels.feature\.node\.kubernetes\.io/quickstart-claim}'; }

tell_next() {
  local kubectl="kubectl${kubeconfig:+ --kubeconfig $kubeconfig} --context ${context:-$minikube_profile}"
  heading 'What to try next'
  cat <<TEXT
  # the object with its seal
  $kubectl -n $namespace get nodefeature $node -o yaml
  # a new SVID, as it comes
  $kubectl -n featureseal-example logs -f deployment/example-workload
  # what was refused
  $kubectl -n $namespace get events
  # a vendor that signs labels of its own: docs/policy.md and deploy/example-third-party
  # and at the end
  $0 --down$options
TEXT
}
