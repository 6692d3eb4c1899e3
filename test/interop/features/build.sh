#!/bin/sh
# Builds the program of this folder: build.sh TARGET. Its host is the folder that it is started in.
set -eu
target=$1
cd "$(dirname "$0")"
nfd=sigs.k8s.io/node-feature-discovery
flags="-X $nfd/pkg/utils/hostpath.pathPrefix=./ -X $nfd/source/local.featureFilesDir=./etc/kubernetes/node-feature-discovery/features.d/"
CGO_ENABLED=0 go build -trimpath -ldflags "$flags" -o "$target" .
