# SPDX-License-Identifier: MIT
#
# Reads an image of GPU kernels, PTX, and prints what is wrong with it, a line for each fault.
#   awk -v format=Q4_K -v target=75 -f ptx.awk Q4_K.sm_75.ptx
#
# Images that encode, such as quantize_Q4_K, have one kernel, in which each operation is rounded by itself. Those without a
# search in groups may keep the numbers of a block in local memory.

function fault(what) { print "line " FNR ": " what }

BEGIN {
  oldest[75] = "6.3"
  oldest[80] = "7.0"
  encodes = format ~ /^quantize_/
  threads = encodes ? 128 : 256
}

{ sub(/[ \t]*\/\/ (-- Begin|-- End|inline|begin|end).*/, "") }
/^\.version / { version = $2 }
/^\.target / { if ($2 != "sm_" target) fault("the target is " $2) }
/^\.version / { if ($2 != oldest[target]) fault("the language is " $2 ", which older drivers may not know") }

/\.local|%SPL|__local_depot/ && format !~ /^quantize_(IQ4|TQ)/ { fault("local memory: " $0) }
/\.weak/ { fault("a weak symbol: " $0) }
/\.extern/ { fault("a symbol that nobody defines: " $0) }
/^[ \t]*(@!?%p[0-9]+ )?call/ { fault("a call: " $0) }
/\.f64/ && !/\.reg/ && format != "F64" { fault("double precision: " $0) }
/[ \t](ld|st)\.(v[24]\.)?[busf](8|16|32|64)/ { fault("memory of no stated kind: " $0) }
/cvt\.rn\.(bf16|f16x2|bf16x2)|cp\.async|mma\.|ldmatrix|\.bf16/ && target < 80 { fault("an instruction for sm_80: " $0) }
/ld\.const/ { fault("constant memory, of which a warp reads one place at a time: " $0) }
/\.ftz/ { fault("subnormal numbers are lost: " $0) }
/\.(approx|full)\.|[ \t]fma\./ && encodes { fault("an operation that is not rounded by itself: " $0) }

/\.entry / {
  name = $0
  sub(/.*\.entry /, "", name)
  sub(/\(.*/, "", name)
  entries[++count] = name
  vector_stores = 0
  limit = 0
}
/^\.maxntid / { limit = $2 + 0 == threads }
/st\.global\.v4/ { vector_stores++ }
/^}/ && name != "" {
  if (!vector_stores) fault(name " has no st.global.v4")
  if (!limit) fault(name " does not say that its blocks have " threads " threads")
  name = ""
}

END {
  # Layouts with lists of groups have a second set of kernels.
  if (count == 6 && entries[4] == format "_indexed_f32" && entries[5] == format "_indexed_f16" &&
      entries[6] == format "_indexed_bf16")
    count = 3
  if (encodes) {
    if (count != 1 || entries[1] != format) fault("the kernels are " entries[1] " " entries[2])
  } else if (count != 3 || entries[1] != format "_f32" || entries[2] != format "_f16" || entries[3] != format "_bf16")
    fault("the kernels are " entries[1] " " entries[2] " " entries[3])
}
