#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Makes everything that is handed out, from what `./build.sh build` has left: artifacts/packages. docs/packages.md says what it is.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
source scripts/dotnet.sh
packages=artifacts/packages

# The C library: what is installed, the license and the guide, in a folder that can be unpacked anywhere.
native_archive() { # name
  local staging=artifacts/archive
  rm -rf "$staging"
  mkdir -p "$staging/$1"
  cp -r artifacts/native/include artifacts/native/lib LICENSE docs/c-abi.md "$staging/$1/"
  # The same input gives the same bytes.
  tar -C "$staging" --sort=name --owner=0 --group=0 --numeric-owner --mode=u+rw,go+r-w --mtime=@0 -cf - "$1" |
    gzip -n >"$packages/$1.tar.gz"
  rm -rf "$staging"
}

# The tool in one file that needs no .NET.
single_file() { # name
  dotnet_release publish src/Quant.Net.Tool -p:QuantNetSingleFile=true -o artifacts/single-file
  cp artifacts/single-file/quantnet "$packages/$1"
}

version=$(sed -n 's:.*<VersionPrefix>\(.*\)</VersionPrefix>.*:\1:p' Directory.Build.props)
rm -rf "$packages"
mkdir -p "$packages"
dotnet_release pack src/Quant.Net --no-build -o "$packages"
dotnet_release pack src/Quant.Net.Tool -o "$packages"
native_archive "libquantnet-$version-linux-x64"
single_file "quantnet-$version-linux-x64"
(cd "$packages" && sha256sum -- * >../SHA256SUMS && mv ../SHA256SUMS .)
ls -l "$packages"
