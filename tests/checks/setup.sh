#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What build.sh does about missing tools, played with stand-ins for apt-get: it installs what is missing and nothing else, fetches
# the list of packages only when it must, and without root ends with the command to run.
source "$(dirname "$0")/support/common.sh"

# play COMMANDS NAME...: `need NAME...` as if the tools that the commands hide were missing.
play() {
  local commands=$1
  shift
  (
    source scripts/setup.sh
    installed=$temp/installed
    rm -f "$installed"
    have() { [[ $1 != "${hidden-}" || -e $installed ]] && command -v "$1" >/dev/null; }
    can_install() { true; }
    apt-cache() { [[ $1 != show ]] || [[ -n ${known-yes} ]]; }
    apt_get() {
      echo "apt-get $*"
      [[ $1 == update ]] || touch "$installed"
    }
    eval "$commands"
    need "$@"
  ) 2>&1
}

expect() { # name, exit code, text, commands, groups...
  local name=$1 code=$2 text=$3 said found=0
  shift 3
  said=$(play "$@") || found=$?
  if [[ $found == "$code" && $said == "$text" ]]; then ok "setup: $name"; else fail "setup: $name" "exit code $found: $said"; fi
}

expect "nothing is missing" 0 "" : build
expect "one tool is missing" 0 "build.sh: installing ninja-build
apt-get install -y --no-install-recommends ninja-build" "hidden=ninja" build
expect "no package is known" 0 "apt-get update
build.sh: installing ninja-build
apt-get install -y --no-install-recommends ninja-build" "hidden=ninja known=" build
expect "not root" 1 "build.sh: tools are missing; as root, run: apt-get install -y --no-install-recommends cmake" \
  "hidden=cmake; can_install() { false; }" build
expect "the package has no such tool" 1 "build.sh: installing cmake
apt-get install -y --no-install-recommends cmake
build.sh: still missing after the installation: cmake" "have() { [[ \$1 != cmake ]]; }" build
expect "tests want more" 0 "build.sh: installing qemu-user
apt-get install -y --no-install-recommends qemu-user" "hidden=qemu-x86_64" test
expect "the build does not" 0 "" "hidden=qemu-x86_64" build
expect "a browser is missing" 0 "build.sh: installing chromium
apt-get install -y --no-install-recommends chromium" "have() { [[ -e \$installed ]]; }; apt-cache() { echo chromium; }" browser
for name in chromium chromium-browser google-chrome google-chrome-stable chrome; do
  expect "$name is a browser" 0 "" "have() { [[ \$1 == $name ]]; }; apt-cache() { echo chromium; }" browser
done
expect "no SDK" 1 "build.sh: the .NET SDK 10 is needed (https://dotnet.microsoft.com/download); found: none" \
  "dotnet() { echo none; false; }" dotnet
