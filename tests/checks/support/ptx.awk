# SPDX-License-Identifier: MIT
#
# Reads an image of GPU kernels, PTX, and prints what is wrong with it, a line for each fault; with table=1, a line for each
# kernel instead: its name, bytes of shared memory, and instructions for each weight in the loop over runs.
#   awk -v format=Q4_K -v target=75 [-v table=1] -f ptx.awk Q4_K.sm_75.ptx
#
# What is counted: the blocks of the loop on the way that full tiles and aligned destinations take, without what becomes no
# instruction (moves between registers and of constants, conversions between kinds of addresses).

function fault(what) { if (!table) print "line " FNR ": " what }

BEGIN {
  oldest[75] = "6.3"
  oldest[80] = "7.0"
}

{ sub(/[ \t]*\/\/ (-- Begin|-- End|inline|begin|end).*/, "") }
/^\.version / { version = $2 }
/^\.target / { if ($2 != "sm_" target) fault("the target is " $2) }
/^\.version / { if ($2 != oldest[target]) fault("the language is " $2 ", which older drivers may not know") }

/\.shared .*\[[0-9]+\]/ {
  bytes = $0
  sub(/.*\[/, "", bytes)
  sub(/\].*/, "", bytes)
  shared_bytes[++declared] = bytes
}
/\.local|%SPL|__local_depot/ { fault("local memory: " $0) }
/\.weak/ { fault("a weak symbol: " $0) }
/\.extern/ { fault("a symbol that nobody defines: " $0) }
/^[ \t]*(@!?%p[0-9]+ )?call/ { fault("a call: " $0) }
/\.f64/ && !/\.reg/ && format != "F64" { fault("double precision: " $0) }
/[ \t](ld|st)\.(v[24]\.)?[busf](8|16|32|64)/ { fault("memory of no stated kind: " $0) }
/cvt\.rn\.(bf16|f16x2|bf16x2)|cp\.async|mma\.|ldmatrix|\.bf16/ && target < 80 { fault("an instruction for sm_80: " $0) }
/\.ftz/ { fault("subnormal numbers are lost: " $0) }

/\.entry / {
  name = $0
  sub(/.*\.entry /, "", name)
  sub(/\(.*/, "", name)
  entries[++count] = name
  blocks = 0
  vector_stores = 0
  limit = 0
  block()
}
/^\.maxntid 256/ { limit = 1 }
/^\$L__BB/ { block() }
/Loop Header|Header=/ {
  # A comment on the label's line names the loop; the label itself does for its first block.
  header[blocks] = $1
  if (match($0, /Header=BB[0-9_]+/)) header[blocks] = "$L__" substr($0, RSTART + 7, RLENGTH - 7) ":"
}
/st\.global\.v4/ { vector_stores++; fast[blocks] = 1 }
/st\.global\.(u8|u16|u32)/ { slow[blocks] = 1 }
/^\t[a-z@]/ && !/^\t(\.|mov\.|cvta|cvt\.u64\.u32|ld\.param|\/\/)/ { size[blocks]++ }
/^}/ && name != "" {
  if (!vector_stores) fault(name " has no st.global.v4")
  if (!limit) fault(name " does not say that its blocks have 256 threads")
  if (table) print name, total_shared(), per_weight()
  name = ""
}

function block() {
  blocks++
  size[blocks] = 0
  header[blocks] = fast[blocks] = slow[blocks] = ""
}

function per_weight(  i, loop, all) {
  for (i = 1; i <= blocks; i++)
    if (fast[i]) loop = header[i]
  for (i = 1; i <= blocks; i++)
    if (header[i] == loop && !slow[i]) all += size[i]
  return sprintf("%.1f", all / 8)
}

# Kernels of a module have one array of shared memory, which all of them may share by name.
function total_shared() { return shared_bytes[declared] + 0 }

END {
  if (count != 3 || entries[1] != format "_f32" || entries[2] != format "_f16" || entries[3] != format "_bf16")
    fault("the kernels are " entries[1] " " entries[2] " " entries[3])
}
