# How scripts/minikube-quickstart waits for a cluster and speaks of it. Sourced by it.
# shellcheck shell=bash source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/overlay.sh"

if [[ -t 1 && -z ${NO_COLOR:-} ]]; then bold=$'\e[1m' plain=$'\e[0m'; else bold='' plain=''; fi

heading() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }

# One wait may take this long, in seconds: images are pulled, and a small machine is slow.
patience=${QUICKSTART_PATIENCE:-300}

# The status of a question that says: no waiting will help.
hopeless=3

# await WHAT LOOK COMMAND [ARGUMENT ...]: asks until COMMAND succeeds. LOOK is where to look when it never does.
await() {
  local what=$1 look=$2 answer status deadline=$((SECONDS + patience))
  shift 2
  progress "waiting for $what ..."
  while :; do
    status=0
    answer=$("$@" 2>&1) || status=$?
    if ((status == 0)); then return; fi
    if ((status == hopeless)); then fail "$answer"; fi
    if ((SECONDS >= deadline)); then
      fail "waited ${patience} s in vain for $what${answer:+
the last answer: $answer}
look at: $look
then run this again: it goes on where it stopped"
    fi
    sleep 1
  done
}

# await_rollout WHAT NAMESPACE WORKLOAD
await_rollout() {
  await "$1" "kubectl -n $2 get pods,pvc; kubectl -n $2 logs $3; kubectl -n $2 get events" rolled_out "$2" "$3"
}

# rolled_out NAMESPACE WORKLOAD: an image that no node has is no matter of patience.
rolled_out() {
  local stuck
  kubectl -n "$1" rollout status "$2" --timeout=5s && return
  stuck=$(kubectl -n "$1" get pods -o 'jsonpath={range .items[*].status.containerStatuses[*]}{.state.waiting.reason} {.image}{"\n"}{end}' |
    grep -E -m 1 '^(ImagePullBackOff|ErrImageNeverPull|InvalidImageName) ') || {
    kubectl -n "$1" logs "$2" --all-containers --tail=1 2>/dev/null
    return 1
  }
  cat <<TEXT
a node does not get the image ${stuck#* } (${stuck%% *})
build it with scripts/build-image --output FILE and load FILE into every node (kind load image-archive FILE; on a node:
ctr -n k8s.io images import FILE), or push it and name it with --images; then run this again
TEXT
  return "$hopeless"
}

# Not empty: kubectl prints nothing, and succeeds, where a field is not there.
has_field() { [[ -n $(kubectl "$@") ]]; }
