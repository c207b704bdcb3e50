#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Everything that is done with this repository, by words; build.ps1 knows the same ones on Windows. It only calls CMake and
# dotnet: settings are in native/CMakePresets.json and Directory.Build.props. `./build.sh help` lists the words.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
source scripts/setup.sh

usage() {
  cat <<'TEXT'
usage: ./build.sh WORD

  setup      install the tools that are missing (cmake, g++, ninja, clang, GoogleTest ...), as root or by sudo
  native     build the native library: artifacts/native/{include,lib}
  build      native, then the .NET library and the command line: artifacts/quantnet runs it
  demo       inspect and decode the two sample models, and show how fast
  test       run all tests and checks; the last line is "N passed, N failed, N skipped"
  fuzz       feed random input to the decoders and the reader of models: fuzz [--minutes N] [TARGET...]
  bench      benchmarks (there are none yet)
  bindings   write src/Quant.Net/Native/*.g.cs anew from native/include/quantnet.h
  pack       make the NuGet packages and the native archive: artifacts/packages
  clean      remove everything that was built
  help       this text
TEXT
}

native() {
  # CMake looks for presets in the current directory.
  (
    cd native
    cmake --preset release
    cmake --build --preset release
  )
  cmake --install artifacts/cmake/release
}

# Build servers that outlive the build would keep files of this folder open.
dotnet_release() {
  local word=$1
  shift
  dotnet "$word" "$@" -c Release -nologo -v quiet -nodereuse:false -p:UseSharedCompilation=false
}

build() {
  native
  dotnet_release build src/Quant.Net
  dotnet_release publish src/Quant.Net.Tool -o artifacts/tool
  # A script, because the tool's own executable does not look for dotnet on the PATH.
  cat >artifacts/quantnet <<'TEXT'
#!/bin/sh
exec dotnet "$(dirname "$(readlink -f "$0")")/tool/quantnet.dll" "$@"
TEXT
  chmod +x artifacts/quantnet
}

pack() {
  local version
  version=$(sed -n 's:.*<VersionPrefix>\(.*\)</VersionPrefix>.*:\1:p' Directory.Build.props)
  dotnet_release pack src/Quant.Net -o artifacts/packages
  dotnet_release pack src/Quant.Net.Tool -o artifacts/packages
  tar -C artifacts/native --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -cf - include lib |
    gzip -n >"artifacts/packages/quantnet-$version-linux-$(uname -m).tar.gz"
  ls -l artifacts/packages
}

# Shows what a command printed only if it failed.
quietly() {
  local output
  output=$("$@" 2>&1) || {
    printf '%s\n' "$output" >&2
    exit 1
  }
}

word=${1-help}
case $word in
  setup) need dotnet build bindings test fuzz ;;
  native)
    need build
    native
    ;;
  build | pack)
    need dotnet build
    build
    [[ $word == build ]] || pack
    ;;
  demo)
    need dotnet build
    echo "building ..."
    quietly ./build.sh build
    scripts/demo.sh
    ;;
  test)
    need dotnet build bindings test fuzz
    tests/run.sh
    ;;
  fuzz)
    need dotnet build fuzz
    quietly native
    quietly dotnet_release build tests/Quant.Net.Tests
    tests/fuzz/run.sh "${@:2}"
    ;;
  bench)
    echo "build.sh: there are no benchmarks yet; the demo shows the rates of two small models" >&2
    exit 1
    ;;
  bindings)
    need dotnet bindings
    dotnet run -c Release --project bindings
    ;;
  clean) rm -rf artifacts {src,tests}/*/{bin,obj} bindings/{bin,obj} ;;
  help | -h | --help) usage ;;
  *)
    echo "build.sh: unknown word '$word'" >&2
    usage >&2
    exit 2
    ;;
esac
