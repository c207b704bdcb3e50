# SPDX-License-Identifier: MIT
#
# Sourced by the checks: they stand in the repository's root, have a folder of their own in $temp, and print one line for each
# thing they look at. A check plants violations too, and fails when it does not see them.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../../.."
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT

ok() { echo "ok $1"; }
fail() { echo "FAIL $1: $(tr -s '\n ' ' ' <<<"$2" | cut -c1-500)"; }
skip() { echo "skip $1: $2"; }

# clean NAME COMMAND...: the command must succeed and say nothing; what it says is the reason of the failure.
clean() {
  local name=$1 said
  shift
  if said=$("$@" 2>&1) && [[ -z $said ]]; then ok "$name"; else fail "$name" "${said:-it failed without a word}"; fi
}

# caught NAME COMMAND...: the same with a planted violation, which the command must complain about.
caught() {
  local name=$1 said
  shift
  if said=$("$@" 2>&1) && [[ -z $said ]]; then fail "$name" "a planted violation was not seen"; else ok "$name"; fi
}

# Where the release build leaves its object files.
objects=artifacts/cmake/release/CMakeFiles/quantnet.dir
library=artifacts/native/lib/libquantnet.so
# The newest clang++ that is installed; build.sh sees to it that there is one.
clangxx=$(compgen -c clang++- | grep -xE 'clang\+\+-[0-9]+' | sort -V | tail -n 1 || true)

# Compiles tests/checks/support/NAME.c against the built library and prints the program's path.
program() {
  gcc -std=c99 -Wall -Wextra -Werror -Iartifacts/native/include -o "$temp/$1" "tests/checks/support/$1.c" \
    -Lartifacts/native/lib -lquantnet -Wl,-rpath,"$PWD/artifacts/native/lib"
  echo "$temp/$1"
}
