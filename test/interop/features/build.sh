#!/bin/sh
# build.sh TARGET: the Go program that tests compare with.
set -eu
target=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
cd "$(dirname "$0")"
# The sources of NFD read below a folder that is fixed when they are linked: that in which the program is started.
nfd=sigs.k8s.io/node-feature-discovery
flags="-s -w -X $nfd/pkg/utils/hostpath.pathPrefix=./"
flags="$flags -X $nfd/source/local.featureFilesDir=./etc/kubernetes/node-feature-discovery/features.d/"
CGO_ENABLED=0 go build -mod=readonly -trimpath -ldflags "$flags" -o "$target" .
