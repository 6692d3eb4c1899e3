# What an image is made of, in .cache/image: app/ for every architecture, native/ARCHITECTURE/ for one. Sourced by
# scripts/build-image.
# shellcheck shell=bash source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"

context="$cache/image"

# Of this machine, as images name it; nothing where no image is made for it.
own_architecture() {
  case $(uname -m) in
    x86_64) printf amd64 ;;
    aarch64 | arm64) printf arm64 ;;
  esac
}

# lay_out_context ARCHITECTURE ...: every step may fail, and each failure counts: what runs this sees no errexit.
lay_out_context() {
  local architecture
  rm -rf "$context.new" || return
  mkdir -p "$context.new" || return
  lay_out_app "$context.new/app" || return
  for architecture; do
    lay_out_native "$context.new/native/$architecture" "$architecture" || return
  done
  rm -rf "$context" || return
  mv "$context.new" "$context"
}

# The same whatever machine builds it.
lay_out_app() {
  mkdir "$1" || return
  cp package.json package-lock.json LICENSE "$1" || return
  # The dependencies stay where they are the same; they take the longest. npm writes its own record last.
  if cmp -s package-lock.json "$context/app/package-lock.json" &&
    [[ -f $context/app/node_modules/.package-lock.json ]]; then
    mv "$context/app/node_modules" "$1/node_modules" || return
  else
    npm_ci "$1" --omit=dev || return
    # Machine code of another runtime, for nine platforms, which comes with tar-fs: Node never loads it.
    find "$1/node_modules" -name '*.bare' -delete || return
  fi
  cp -R dist "$1/dist" || return
  rm -rf "$1/dist/.stamp" "$1/dist/plugins/cpu/native"
}

# lay_out_native FOLDER ARCHITECTURE
lay_out_native() {
  mkdir -p "$1" || return
  sh plugins/cpu/native/build.sh "$1/dist/plugins/cpu/native" "$2"
}

# Whether the image for an architecture has all that it could have.
is_whole() {
  [[ $1 != amd64 || -x $context/native/amd64/dist/plugins/cpu/native/cpuid ]]
}
