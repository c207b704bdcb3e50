#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The demo of build.sh: looks into the sample models, decodes them on the best device, and says what was done and how fast.
# It uses nothing but the command line.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
output=$(mktemp -d)
trap 'rm -rf "$output"' EXIT

# The value of a key of the outermost object of indented JSON on stdin.
value_of() { sed -n "s/^  \"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p"; }

show() {
  echo
  printf '$' && printf ' %q' "$@" && echo
  "$@"
}

rows=()
for model in samples/models/*.gguf; do
  show artifacts/quantnet inspect "$model" --tensor 'blk.0.*'
  for type in f32 f16; do
    for container in safetensors gguf; do
      report=$(artifacts/quantnet dequantize "$model" -o "$output/$(basename "$model" .gguf)-$type.$container" --type "$type" \
        --device auto --quiet --json)
      rows+=("$(basename "$model")|$type|$container|$(value_of parameters <<<"$report")|$(value_of bytesRead <<<"$report")|$(
        value_of bytesWritten <<<"$report")|$(value_of seconds <<<"$report")")
      device=$(sed -n 's/^    "description": "\(.*\)",\{0,1\}$/\1/p' <<<"$report")
    done
  done
done

echo
echo "Decoded on $device"
echo
printf '%s\n' "${rows[@]}" | awk -F'|' '
  BEGIN {
    format = "%-26s %-4s %-11s %9s %10s %10s %8s %10s\n"
    printf format, "model", "to", "container", "weights", "read", "written", "time", "written/s"
  }
  {
    printf format, $1, $2, $3, $4, sprintf("%.2f MB", $5 / 1e6), sprintf("%.2f MB", $6 / 1e6), sprintf("%.0f ms", $7 * 1e3),
      sprintf("%.0f MB/s", $6 / 1e6 / $7)
  }'
echo
echo "The time is that of reading, decoding and writing in a process that has just started; models this small show little more."
