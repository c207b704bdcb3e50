# SPDX-License-Identifier: MIT
#
# Sourced by build.sh: `need GROUP...` sees to it that the tools of these groups are there, or ends with the command that
# installs them; `like GROUP...` goes on without them. It knows Debian's and Ubuntu's package names.

# Formatting differs between versions of clang-format, so this one is fixed; for the rest any clang from 16 on will do.
clang_format_version=19
oldest_clang=16

have() { command -v "$1" >/dev/null; }

# The newest version N from 16 on for which the file of a pattern with @ for N exists; fails when there is none.
newest_installed() {
  local version
  for version in {40..16}; do
    compgen -G "${1//@/$version}" >/dev/null && echo "$version" && return
  done
  return 1
}

# The version of clang to install: the one that formats, else the newest that the distribution has.
clang_to_install() {
  local known
  known=$(apt-cache pkgnames libclang1- 2>/dev/null | sed -n 's/^libclang1-\([0-9]*\)$/\1/p' | sort -n)
  if grep -qx "$clang_format_version" <<<"$known"; then
    echo "$clang_format_version"
  else
    awk -v oldest="$oldest_clang" '$1 >= oldest {newest = $1} END {print newest ? newest : oldest}' <<<"$known"
  fi
}

missing_for_build() {
  have cmake || echo cmake
  have g++ || echo g++
  have ninja || echo ninja-build
}

# Compiles the kernels for GPUs.
missing_for_gpu() {
  newest_installed '/usr/bin/clang++-@' >/dev/null || echo "clang-$(clang_to_install)"
}

missing_for_bindings() {
  local version
  if version=$(newest_installed '/usr/lib/llvm-@/lib/libclang*.so.1'); then
    [[ -e /usr/lib/llvm-$version/lib/clang/$version/include/stdint.h ]] || echo "libclang-common-$version-dev"
  else
    version=$(clang_to_install)
    echo "libclang1-$version" "libclang-common-$version-dev"
  fi
}

# The newest clang that has libFuzzer beside it.
newest_with_fuzzer() { newest_installed '/usr/lib/llvm-@/lib/clang/@/lib/linux/libclang_rt.fuzzer-*.a'; }

missing_for_fuzz() {
  local version
  newest_with_fuzzer >/dev/null && return
  version=$(newest_installed '/usr/bin/clang++-@') || version=$(clang_to_install)
  echo "clang-$version" "libclang-rt-$version-dev"
}

missing_for_test() {
  local clang
  have nm && have objdump && have as || echo binutils
  have qemu-x86_64 || echo qemu-user
  have pkg-config || echo pkg-config
  compgen -G '/usr/include/gtest/gtest.h' >/dev/null || echo libgtest-dev
  newest_installed '/usr/bin/clang++-@' >/dev/null || echo "clang-$(clang_to_install)"
  if ! have "clang-format-$clang_format_version"; then
    clang=$(apt-cache pkgnames "clang-format-$clang_format_version" 2>/dev/null || true)
    # Without it the formatting check is skipped, and says so.
    [[ -z $clang ]] || echo "$clang"
  fi
}

# The browser that there is, by whichever of its names; fails when there is none.
find_browser() {
  local name
  for name in chromium chromium-browser google-chrome google-chrome-stable chrome; do
    have "$name" && echo "$name" && return
  done
  return 1
}

# Opens a page that the tool writes, in a check that is skipped without one.
missing_for_browser() {
  find_browser >/dev/null && return
  apt-cache pkgnames chromium 2>/dev/null | grep -x chromium || true
}

# A reader of GGUF from npm, for a check that is skipped without it.
get_reader() {
  local folder=artifacts/readers
  have npm && have node || return 0
  mkdir -p "$folder"
  cp tests/readers/package.json tests/readers/package-lock.json "$folder"
  npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund >&2
}

missing() {
  local group
  for group in "$@"; do
    [[ $group == dotnet ]] || "missing_for_$group"
  done | tr ' ' '\n' | sort -u
}

can_install() { have apt-get && { ((EUID == 0)) || sudo -n true 2>/dev/null; }; }

apt_get() {
  local sudo=()
  ((EUID == 0)) || sudo=(sudo -n)
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=500 "$@" >&2
}

need() {
  local group packages
  for group in "$@"; do
    [[ $group != dotnet ]] || need_dotnet
  done
  packages=$(missing "$@")
  [[ -n $packages ]] || return 0

  if ! can_install; then
    echo "build.sh: tools are missing; as root, run: apt-get install -y --no-install-recommends" $packages >&2
    exit 1
  fi
  # A fresh machine knows no packages, and an old list names files that are gone; then it is fetched.
  if ! apt-cache show cmake >/dev/null 2>&1; then
    apt_get update
    packages=$(missing "$@")
  fi
  echo "build.sh: installing" $packages >&2
  if ! apt_get install -y --no-install-recommends $packages; then
    apt_get update
    apt_get install -y --no-install-recommends $packages
  fi
  packages=$(missing "$@")
  if [[ -n $packages ]]; then
    echo "build.sh: still missing after the installation:" $packages >&2
    exit 1
  fi
}

# The same for what there should be and need not: nothing is done where nothing can be installed.
like() {
  if can_install; then need "$@"; fi
}

need_dotnet() {
  local found
  if ! found=$(dotnet --version 2>&1); then
    echo "build.sh: the .NET SDK 10 is needed (https://dotnet.microsoft.com/download); found: ${found%%$'\n'*}" >&2
    exit 1
  fi
}
