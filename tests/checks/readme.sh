#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The README is true: its examples run, its tables of formats and layouts are the library's, and the words of build.sh that it names exist.
# Examples run in a folder of their own, in which the repository's folders appear: the shell's line by line, the C and C#
# programs from example.c and example.cs, where the README tells to put them. With --update the tables are written anew.
source "$(dirname "$0")/support/common.sh"

root=$PWD
begin='<!-- formats:begin'
end='<!-- formats:end -->'

blocks() { # language
  awk -v fence="\`\`\`$1" '$0 == fence {inside = 1; next} /^```/ {inside = 0} inside' README.md
}

table() { sed -n "/^$begin/,/^$end/p" README.md | sed '1d;$d'; }

if [[ ${1-} == --update ]]; then
  artifacts/quantnet formats --markdown >"$temp/table"
  sed -i -e "/^$begin/,/^$end/{/^<!--/!d}" -e "/^$begin/r $temp/table" README.md
  exit
fi

artifacts/quantnet formats --markdown >"$temp/table"
difference_to() { diff <(table) "$1" | grep '^[<>]' || true; }
clean "README, table of formats" difference_to "$temp/table"
sed '5s/[0-9]/7/' "$temp/table" >"$temp/other-table"
caught "README, planted: another number in the table" difference_to "$temp/other-table"

for folder in artifacts samples src; do ln -s "$root/$folder" "$temp/$folder"; done
blocks c >"$temp/example.c"
blocks csharp | sed "s:^#\:project src/:#\:project $root/src/:" >"$temp/example.cs"

count=0
while read -r line; do
  count=$((count + 1))
  case $line in
    ./build.sh*)
      word=$(awk '{print $2}' <<<"$line")
      if ./build.sh help | grep -qE "^  $word "; then ok "README: ./build.sh $word is a word"; else fail "README: ./build.sh $word is a word" "build.sh help does not list it"; fi
      ;;
    *)
      if (cd "$temp" && bash -ec "$line") >"$temp/output" 2>&1; then
        ok "README: $line"
      else
        fail "README: $line" "$(tail -n 5 "$temp/output")"
      fi
      ;;
  esac
done < <(blocks sh)
((count > 8)) || fail "README: examples" "only $count lines found"
