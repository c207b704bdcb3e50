#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The library exports the functions that quantnet.h declares, and nothing else.
source "$(dirname "$0")/support/common.sh"

declared() { sed -n 's/^QN_API .*[ *]\(qn_[a-z0-9_]*\)(.*/\1/p' native/include/quantnet.h | sort; }
exported() { nm -D --defined-only "$1" | awk '{print $NF}' | sort; }
difference() { diff <(declared) <(exported "$1") | sed -n 's/^</declared, but not exported:/p; s/^>/exported, but not declared:/p'; }

clean "exports" difference "$library"

declared | sed 's/.*/void &(void) {}/' >"$temp/all.c"
cp "$temp/all.c" "$temp/more.c" && echo 'int stray;' >>"$temp/more.c"
tail -n +2 "$temp/all.c" >"$temp/fewer.c"
for name in all more fewer; do gcc -shared -fPIC -o "$temp/$name.so" "$temp/$name.c"; done
clean "exports, the same by another library" difference "$temp/all.so"
caught "exports, planted: one too many" difference "$temp/more.so"
caught "exports, planted: one too few" difference "$temp/fewer.so"
