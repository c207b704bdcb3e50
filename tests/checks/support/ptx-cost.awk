# SPDX-License-Identifier: MIT
#
# Reads an image of GPU kernels, PTX, and prints what each costs: name, bytes of shared memory of a CUDA block, and for each weight
# all instructions and those of the integer units.
#   awk -v values=256 -f ptx-cost.awk Q4_K.sm_80.ptx Q4_K.sm_80.ptx        values: weights of a block of the format
# The file is read twice: first to count how often each register is named.
#
# What is counted is a thread's whole way through the kernel, where the tile is full and source and destination are aligned: the
# longest way from the entry to the return that has 16-byte stores to global memory and none that are narrower, with the loop over
# sets as often as it runs. What becomes no instruction is not counted: moves between registers and of constants, conversions between
# kinds of addresses. Two operations of logic, of which the second alone needs the first one's result, are one (lop3). The driver's
# compiler joins more, such as shifts and additions, and additions of constant addresses with loads.

FNR == 1 { pass++ }
pass == 1 {
  if (/\.entry /) entry++
  rest = $0
  while (match(rest, /%r[0-9]+/)) {
    named[entry, substr(rest, RSTART, RLENGTH)]++
    rest = substr(rest, RSTART + RLENGTH)
  }
  next
}

/\.shared .*\[[0-9]+\]/ {
  shared = $0
  sub(/.*\[/, "", shared)
  sub(/\].*/, "", shared)
}
/\.entry / {
  name = $0
  kernel++
  sub(/.*\.entry /, "", name)
  sub(/\(.*/, "", name)
  blocks = 0
  delete block_at
  delete logic
  block()
}
/^\$L__BB/ {
  block()
  block_at[substr($1, 1, length($1) - 1)] = blocks
}
# A comment on the label's line, or below it, says whose loop a block is in; the header's own names none.
/Loop Header/ { loop[blocks] = blocks }
/Header=BB/ {
  match($0, /Header=BB[0-9_]+/)
  loop[blocks] = "$L__" substr($0, RSTART + 7, RLENGTH - 7)
}
/st\.global\.v4/ { stores[blocks]++ }
/st\.global\.(u8|u16|u32)|ld\.global\.(u8|u16|u32)/ { slow[blocks] = 1 }
/bar\.sync/ { barrier[blocks] = 1 }
/^\t[a-z@]/ && !/^\t(\.|mov\.|cvta|cvt\.u64\.u32|cvt\.u32\.u64|ld\.param|\/\/)/ {
  if (/^\t(and|or|xor)\.b32/ && joined()) next
  all[blocks]++
  if (/^\t(and|or|xor|not|shl|shr|shf|add\.s|sub\.s|min|max|prmt|bfe|setp|selp|cvt\.rn\.b?f16)/) integer[blocks]++
}
/^\t(@!?%p[0-9]+ )?(bra|ret)/ {
  target[blocks] = /ret;/ ? "" : substr($NF, 1, length($NF) - 1)
  goes_on[blocks] = /^\t@/
  returns[blocks] = /ret;/
  block()
}
/^}/ && name != "" {
  cost()
  name = ""
}

# Whether the operation of logic on this line is one with that before it.
function joined(  result, i, operand) {
  result = substr($2, 1, length($2) - 1)
  for (i = 3; i <= 4; i++) {
    operand = $i
    sub(/[,;]$/, "", operand)
    if (logic[operand] == blocks && named[kernel, operand] == 2) {
      logic[operand] = 0
      return 1
    }
  }
  logic[result] = blocks
  return 0
}

function block() {
  blocks++
  all[blocks] = integer[blocks] = stores[blocks] = returns[blocks] = 0
  loop[blocks] = slow[blocks] = barrier[blocks] = target[blocks] = ""
  goes_on[blocks] = 1
}

function cost(  i, way, instructions, integers, done) {
  per_thread = values == 1 ? 16 : 32  # weights, see launch.h
  per_store = name ~ /_f32$/ ? 4 : 8
  delete in_loop
  for (i = 1; i <= blocks; i++) {
    if (loop[i] ~ /^\$/) loop[i] = block_at[loop[i]]
    if (loop[i]) in_loop[loop[i]] += stores[i] * per_store
  }
  # Plain numbers that are aligned pass no barrier.
  direct = values == 1
  search()
  if (direct && best[1, 0] < 0) {
    direct = 0
    search()
  }
  for (i = 1; i; i = way) {
    instructions += all[i] * times(i)
    integers += integer[i] * times(i)
    way = next_of[i, done > 0]
    done += stores[i] * per_store * times(i)
  }
  if (done != per_thread) print name ": the way that was found decodes " done " weights in a thread, not " per_thread
  printf "%s %d %.1f %.1f\n", name, shared, instructions / per_thread, integers / per_thread
}

function search() {
  delete best
  delete next_of
  delete entered
  longest(1, 0)
}

# How often a block is gone through; 0 for blocks that are not on the way.
function times(i) {
  if (slow[i] || (direct && barrier[i])) return 0
  if (!loop[i]) return 1
  return in_loop[loop[i]] ? per_thread / in_loop[loop[i]] : 0
}

# The most instructions from block i to the return, -1 if there is no way; `stored`: whether results were stored before.
function longest(i, stored,  after, most, found) {
  if (!times(i) || entered[i]) return -1
  if ((i, stored) in best) return best[i, stored]
  entered[i] = 1
  after = stored || stores[i] > 0
  most = returns[i] && after ? 0 : -1
  next_of[i, stored] = 0
  if (goes_on[i] && (found = longest(i + 1, after)) > most) {
    most = found
    next_of[i, stored] = i + 1
  }
  if (target[i] in block_at && (found = longest(block_at[target[i]], after)) > most) {
    most = found
    next_of[i, stored] = block_at[target[i]]
  }
  entered[i] = 0
  return best[i, stored] = most < 0 ? -1 : most + all[i] * times(i)
}
