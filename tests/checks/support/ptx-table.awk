# SPDX-License-Identifier: MIT
#
# Makes a row of the table of kernels in docs/performance.md of what ptx-cost.awk prints for the three kernels of a format.
#   awk -v format=Q4_K -v values=256 -v bytes=144 -f ptx-table.awk
#
# "Busy" is of an H200 (132 multiprocessors at 1.7 GHz, each with 128 lanes, of which 64 do integer work) while its memory moves
# 4.8 TB/s, the most that it has.

BEGIN {
  cycles = 132 * 1.7e9
  traffic = 4.8e12
}
NF == 4 {
  out = $1 ~ /_f32$/ ? 4 : 2
  weights = traffic / (bytes / values + out)
  counts = counts (counts ? ", " : "") $3
  integers = integers (integers ? ", " : "") $4
  busy = busy (busy ? ", " : "") percent($3 * weights / (cycles * 128))
  integer_busy = integer_busy (integer_busy ? ", " : "") percent($4 * weights / (cycles * 64))
  shared = $2
  next
}
{ print }
END {
  printf "| %s | %.4g | %s | %s | %s | %s | %d | %d, %d, %d |\n", format, bytes / values, counts, busy, integers, integer_busy,
    shared, resident(64, 1024), resident(164, 2048), resident(227, 2048)
}

function percent(share) { return sprintf("%.0f %%", 100 * share) }

# CUDA blocks on a multiprocessor with so many KiB of shared memory, of which each takes 1 KiB for itself, and threads.
function resident(kib, threads,  by_memory) {
  by_memory = int(kib * 1024 / (shared + 1024))
  return by_memory < threads / 256 ? by_memory : threads / 256
}
