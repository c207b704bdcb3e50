# SPDX-License-Identifier: MIT
#
# Makes a row of the table of kernels in docs/cuda.md of what ptx-live.awk prints for a layout, and a second one if it has kernels
# for lists of groups.
#   awk -v layout=GPTQ -f ptx-live-table.awk

{
  indexed = $1 ~ /_indexed_/
  alive[indexed] = alive[indexed] (alive[indexed] ? ", " : "") $2
}
END {
  row(layout, alive[0])
  if (alive[1]) row(layout ", act-order", alive[1])
}

function row(name, counts) { printf "| %s | %s |\n", name, counts }
