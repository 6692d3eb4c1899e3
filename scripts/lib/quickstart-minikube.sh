# The lines of scripts/minikube-quickstart that are of minikube. Sourced by it; nothing of this runs with --context.
# shellcheck shell=bash source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# Profile and, as minikube names it, context.
minikube_profile=featureseal
# As scripts/build-image names it.
image=localhost/featureseal:dev
# What was made here, a file for each: the profile, the image in it.
minikube_notes="$cache/quickstart"

minikube_has_profile() {
  # It fails where there is no profile at all.
  { minikube profile list --light --output json 2>/dev/null || true; } | grep -Eq "\"Name\": ?\"$minikube_profile\""
}

start_minikube() {
  mkdir -p "$minikube_notes"
  if ! minikube_has_profile; then touch "$minikube_notes/profile"; fi
  progress "starting minikube (profile $minikube_profile) ..."
  # containerd: what this project is tried with. The context of the user stays the current one.
  # No --extra-config: issuer and key of service account tokens, which projected tokens need, are set by every Kubernetes
  # since 1.20. Guides that add `api-audiences` say too much: the API server would then take a pod's token for the
  # identity as one for itself. A kubelet asks the API server who calls it (webhook), as SPIRE's agent needs.
  watched minikube start --profile "$minikube_profile" --keep-context --container-runtime containerd ||
    fail "minikube did not start (above: why); try: minikube logs --profile $minikube_profile"
}

# Builds the image and puts it into every node of the profile.
load_into_minikube() {
  local archive="$cache/quickstart-image.tar"
  "$root/scripts/build-image" --tag "$image" --output "$archive" >/dev/null ||
    fail 'the image was not built (above: why); an image of your own is given with --images'
  progress 'loading the image into minikube ...'
  watched minikube image load "$archive" --profile "$minikube_profile" ||
    fail "the image was not loaded (above: why); try: minikube image ls --profile $minikube_profile"
  touch "$minikube_notes/image"
  rm -f "$archive"
}

unload_from_minikube() {
  [[ -f $minikube_notes/image ]] || return 0
  watched minikube image rm "$image" --profile "$minikube_profile" || true
  rm -f "$minikube_notes/image"
}

# Deletes the profile where it was made here; else its status says that it was not.
delete_minikube() {
  [[ -f $minikube_notes/profile ]] || return 1
  progress "deleting the minikube profile $minikube_profile ..."
  watched minikube delete --profile "$minikube_profile" || fail 'minikube did not delete it (above: why)'
  rm -f "$minikube_notes"/{profile,image}
}

# watched COMMAND: its output is for people who watch; for others only where it fails.
watched() {
  if [[ -t 2 ]]; then "$@" >&2; else quietly "$@"; fi
}
