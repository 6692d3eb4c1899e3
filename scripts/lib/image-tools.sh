# docker or buildah, and what each of them is told. Both take from scripts/build-image: tag, base (`local`: of this
# machine), platforms (one, or several with commas), and where the image goes: output (a file) or push.
# shellcheck shell=bash source-path=SCRIPTDIR
# shellcheck disable=SC2154 # tag, base, platforms, output, push
source "$(dirname "${BASH_SOURCE[0]}")/image-context.sh"

several_platforms() { [[ $platforms == *,* ]]; }

# A docker without its daemon builds nothing.
has_docker() { command -v docker >/dev/null && docker version >/dev/null 2>&1; }

# Both builders are quiet: of what they say where they fail, it is the end that tells why.
build_with_docker() {
  local arguments=(--quiet --platform "$platforms" --tag "$tag" --file deploy/Dockerfile)
  arguments+=(${base:+--build-arg "BASE=$base"})
  if several_platforms; then
    # docker's own store holds images of one platform: these go out at once.
    if [[ -n $push ]]; then arguments+=(--push); else arguments+=(--output "type=oci,dest=$output"); fi
    docker buildx build "${arguments[@]}" "$context"
    return
  fi
  # BuildKit sets TARGETARCH itself; the builder before it does not.
  docker build "${arguments[@]}" --build-arg "TARGETARCH=${platforms#linux/}" "$context" || return
  if [[ -n $output ]]; then docker save --output "$output" "$tag" || return; fi
  if [[ -n $push ]]; then docker push --quiet "$tag"; fi
}

build_with_buildah() {
  local state name=(--tag "$tag") arguments=()
  state=$(mktemp -d) || return
  # Images of its own, which are gone afterwards: what stays is the file, or what was pushed.
  buildah() { command buildah --root "$state/root" --runroot "$state/run" --storage-driver vfs "$@"; }
  # shellcheck disable=SC2064 # now: at the end there is no local variable any more
  trap "rm -rf '$state'" EXIT
  if [[ $base == local ]]; then
    commit_local_base "$state/base" || return
    arguments+=(--pull-never)
  fi
  if several_platforms; then name=(--manifest "$tag"); fi
  arguments+=(${base:+--build-arg "BASE=$base"})
  buildah build --quiet --isolation chroot --platform "$platforms" "${arguments[@]}" "${name[@]}" \
    --file deploy/Dockerfile "$context" || return
  send_from_buildah
}

# Several platforms are an index, which only the OCI's format holds; docker reads one platform from its own format alone.
send_from_buildah() {
  local verb=(push --quiet) format=docker-archive
  if several_platforms; then
    verb=(manifest push --quiet --all)
    format=oci-archive
  fi
  if [[ -n $push ]]; then
    buildah "${verb[@]}" "$tag" "docker://$tag"
    return
  fi
  rm -f "$output.new" || return
  buildah "${verb[@]}" "$tag" "$format:$output.new:$tag" || return
  mv "$output.new" "$output"
}

# commit_local_base FOLDER: makes the image, and names it as the base.
commit_local_base() {
  local container
  make_local_base "$1" || return
  container=$(buildah from scratch) || return
  buildah copy "$container" "$1" / >/dev/null || return
  base=localhost/featureseal-base:local
  buildah commit --rm "$container" "$base"
}

# make_local_base FOLDER: the files of a base image: the Node that runs here, and the libraries that it asks for.
make_local_base() {
  local folder=$1 node library
  node=$(readlink -f "$(command -v node)")
  mkdir -p "$folder"/{nodejs/bin,etc,tmp} || return
  chmod 1777 "$folder/tmp"
  cp "$node" "$folder/nodejs/bin/node" || return
  printf 'root:x:0:0:root:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/:/sbin/nologin\n' >"$folder/etc/passwd"
  # Those that are found by a search (name => path) and the loader, which is named by its path.
  while read -r library; do
    mkdir -p "$folder${library%/*}" && cp -L "$library" "$folder$library" || return
  done < <(ldd "$node" | grep -o '/[^ ]*')
}
