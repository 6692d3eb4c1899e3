#!/bin/sh
# Builds the program of this folder: build.sh TARGET
set -eu
target=$1
cd "$(dirname "$0")"
CGO_ENABLED=0 go build -mod=readonly -trimpath -ldflags '-s -w' -o "$target" .
