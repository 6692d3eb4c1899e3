#!/bin/sh
# Builds the program cpuid into a folder: build.sh FOLDER [ARCHITECTURE], by default for this machine; architectures as
# images name them, amd64 or arm64. Where there is no C compiler, or nothing to build for, it says so and is content:
# without the program the plugin has other ways.
set -eu
source=$(dirname "$0")/cpuid.c
target=$1/cpuid

case $(uname -sm) in
  'Linux x86_64') here=amd64 ;;
  *' aarch64' | *' arm64') here=arm64 ;;
  *) here=$(uname -sm) ;;
esac
architecture=${2:-$here}
case $architecture in
  amd64) ;;
  *) echo "cpuid: not needed on $architecture" && exit 0 ;;
esac
# Elsewhere the compiler of Debian's gcc-x86-64-linux-gnu, as cross compilers are named; CC has to make programs for it.
if [ "$here" = "$architecture" ]; then compiler=${CC:-cc}; else compiler=${CC:-x86_64-linux-gnu-gcc}; fi
if ! command -v "$compiler" >/dev/null; then
  echo "cpuid: no C compiler ($compiler); CPUID flags will come from /proc/cpuinfo"
  exit 0
fi

mkdir -p "$1"
# Static where it can be: an image need not have a C library.
compile() { "$compiler" -std=c11 -O2 -Wall -Wextra -s "$1" -o "$target" "$source"; }
if compile -static 2>/dev/null || compile -no-pie; then exit 0; fi
echo "cpuid: $compiler cannot build it; CPUID flags will come from /proc/cpuinfo"
