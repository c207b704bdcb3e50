#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The library needs no more than .NET itself: glibc 2.27, and libstdc++ and libgcc as GCC 8 brought them.
source "$(dirname "$0")/support/common.sh"

limits="GLIBC_2.27 GLIBCXX_3.4.25 CXXABI_1.3.11 GCC_7.0.0"
libraries="libstdc++.so.6 libgcc_s.so.1 libm.so.6 libc.so.6 libpthread.so.0 libdl.so.2 ld-linux-x86-64.so.2"

wanted_versions() { objdump -p "$1" | awk '/^Version References:/ {found = 1} found && /^ +0x/ {print $4}' | sort -u; }

# Reads versions of symbols such as GLIBC_2.14 and prints those beyond the limits.
too_new() {
  local version limit
  while read -r version; do
    limit=$(tr ' ' '\n' <<<"$limits" | grep "^${version%%_*}_" || true)
    [[ $(printf '%s\n' "$version" "$limit" | sort -V | tail -n 1) == "$limit" ]] || echo "needs $version, allowed is ${limit:-none of these}"
  done
}

# Reads the output of readelf -d and prints libraries that a user may not have.
strange_libraries() {
  sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | while read -r needed; do
    grep -qwF -- "$needed" <<<"$libraries" || echo "needs $needed"
  done
}

executable_stack() { readelf -lW "$1" | grep 'GNU_STACK.*RWE' || true; }

if [[ -z $(wanted_versions "$library") ]]; then fail "baseline" "no versions of symbols found in $library"; fi
clean "baseline, versions of symbols" too_new < <(wanted_versions "$library")
clean "baseline, libraries" strange_libraries < <(readelf -d "$library")
clean "baseline, no executable stack" executable_stack "$library"

for planted in GLIBC_2.28 GLIBC_2.34 GLIBC_PRIVATE GLIBCXX_3.4.26 CXXABI_1.3.12 OTHER_1.0; do
  caught "baseline, planted: $planted" too_new <<<"$planted"
done
clean "baseline, older versions" too_new <<<"GLIBC_2.2.5"
caught "baseline, planted: a library" strange_libraries <<<" 0x01 (NEEDED) Shared library: [libgomp.so.1]"
