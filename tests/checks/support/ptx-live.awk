# SPDX-License-Identifier: MIT
#
# Reads an image of GPU kernels, PTX, and prints for each kernel the most 32-bit registers whose values are needed at one place:
#   awk -f ptx-live.awk GPTQ.sm_80.ptx
#
# The driver's compiler takes another number: it orders instructions anew, keeps addresses and the kernel's parameters out of
# registers, and may compute a value twice. More here is more there.

/\.entry / {
  name = $0
  sub(/.*\.entry /, "", name)
  sub(/\(.*/, "", name)
  begin_kernel()
}
name == "" { next }
/^\$L__BB/ {
  begin_block()
  number[substr($1, 1, length($1) - 1)] = blocks
}
/^\t[a-z@]/ {
  sub(/\/\/.*/, "")
  instruction($0)
}
/^}/ {
  print name, most()
  name = ""
}

function begin_kernel() {
  blocks = instructions = 0
  delete number
  delete first
  delete last
  delete falls
  delete target
  delete defined
  delete needed
  begin_block()
}

function begin_block() {
  blocks++
  first[blocks] = instructions + 1
  last[blocks] = instructions
  falls[blocks] = 1
}

function instruction(text,  guard, operation, rest, cut) {
  instructions++
  last[blocks] = instructions
  guard = ""
  sub(/^\t/, "", text)
  if (match(text, /^@!?%p[0-9]+ /)) {
    guard = substr(text, 1, RLENGTH)
    text = substr(text, RLENGTH + 1)
  }
  operation = text
  sub(/[ \t;].*/, "", operation)
  rest = substr(text, length(operation) + 1)
  defined[instructions] = needed[instructions] = ""
  if (operation ~ /^(bra|ret)/) {
    needed[instructions] = guard
    if (operation ~ /^bra/) {
      match(rest, /\$L__BB[0-9_]+/)
      target[blocks] = substr(rest, RSTART, RLENGTH)
    }
    falls[blocks] = guard != ""
    begin_block()
    return
  }
  cut = operation ~ /^st/ ? 0 : rest ~ /^[ \t]*\{/ ? index(rest, "}") : index(rest, ",")
  defined[instructions] = substr(rest, 1, cut)
  needed[instructions] = substr(rest, cut + 1) " " guard
}

# Registers of a text, as keys of `list`.
function registers(text, list) {
  delete list
  while (match(text, /%(rd|rs|r|f|fd)[0-9]+/)) {
    list[substr(text, RSTART, RLENGTH)]
    text = substr(text, RSTART + RLENGTH)
  }
}

function words(register) { return register ~ /^%(rd|fd)/ ? 2 : 1 }

function most(  block, i, register, list, before, count, top, highest, stack, live, from) {
  delete before
  for (block = 1; block <= blocks; block++) {
    if (falls[block] && block < blocks) before[block + 1] = before[block + 1] " " block
    if (target[block] in number) before[number[target[block]]] = before[number[target[block]]] " " block
  }
  # Values that a block needs from before it are alive at the end of all blocks on the way to where they come from.
  delete alive
  delete sets
  for (block = 1; block <= blocks; block++)
    for (i = last[block]; i >= first[block]; i--) {
      registers(defined[i], list)
      for (register in list) sets[block, register]
    }
  for (block = 1; block <= blocks; block++) {
    delete live
    for (i = last[block]; i >= first[block]; i--) {
      registers(defined[i], list)
      for (register in list) delete live[register]
      registers(needed[i], list)
      for (register in list) live[register]
    }
    for (register in live) {
      top = 1
      stack[1] = block
      while (top > 0) {
        count = split(before[stack[top--]], from, " ")
        for (i = 1; i <= count; i++) {
          if ((from[i], register) in alive) continue
          alive[from[i], register]
          at_end[from[i]] = at_end[from[i]] " " register
          if (!((from[i], register) in sets)) stack[++top] = from[i]
        }
      }
    }
  }
  highest = 0
  for (block = 1; block <= blocks; block++) {
    registers(at_end[block], live)
    count = 0
    for (register in live) count += words(register)
    if (count > highest) highest = count
    for (i = last[block]; i >= first[block]; i--) {
      registers(defined[i], list)
      for (register in list)
        if (register in live) {
          count -= words(register)
          delete live[register]
        }
      registers(needed[i], list)
      for (register in list)
        if (!(register in live)) {
          count += words(register)
          live[register]
        }
      if (count > highest) highest = count
    }
  }
  delete at_end
  return highest
}
