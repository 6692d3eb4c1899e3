#!/bin/sh
# Builds the program cpuid into a folder: build.sh FOLDER. Where there is no C compiler, or nothing to build for, it says so
# and is content: without the program the plugin has other ways.
set -eu
source=$(dirname "$0")/cpuid.c
target=$1/cpuid
compiler=${CC:-cc}

case $(uname -m) in
  x86_64 | i?86) ;;
  *) echo "cpuid: not needed on $(uname -m)" && exit 0 ;;
esac
if ! command -v "$compiler" >/dev/null; then
  echo "cpuid: no C compiler ($compiler); CPUID flags will come from /proc/cpuinfo"
  exit 0
fi

mkdir -p "$1"
# Static where it can be: an image need not have a C library.
for linking in -static -no-pie; do
  if "$compiler" -std=c11 -O2 -Wall -Wextra -s "$linking" -o "$target" "$source" 2>/dev/null; then exit 0; fi
done
echo "cpuid: $compiler cannot build it; CPUID flags will come from /proc/cpuinfo"
