# What scripts that apply an overlay of deploy/overlays have to know of it. Sourced by them.
# shellcheck shell=bash source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# overlay_folder NAME: prints it; fails where there is none.
overlay_folder() {
  local folder="$root/deploy/overlays/$1"
  [[ -f $folder/kustomization.yaml ]] || fail "there is no overlay $1 in deploy/overlays"
  printf '%s\n' "$folder"
}

# overlay_setting NAME KEY: prints one of its settings.
overlay_setting() {
  kubectl create --dry-run=client -f "$root/deploy/overlays/$1/settings.yaml" -o "jsonpath={.data.$2}"
}

# must_change_images FILE PLAIN CHANGED: a name that fits nothing is no error to kustomize, and the wrong image would run.
must_change_images() {
  local names
  if [[ $(kubectl kustomize "$2") == "$(kubectl kustomize "$3")" ]]; then
    names=$(kubectl kustomize "$2" | sed -n 's/^ *-\{0,1\} *image: //p' | sort -u)
    fail "$1 changes no image; the names are: $names"
  fi
}
