// SPDX-License-Identifier: MIT
//
// Structs that begin with struct_size: a caller compiled against an older or newer header has a shorter or longer one.
#pragma once

#include <string.h>

#include "error.h"

namespace qn {

// Copies `value` into the caller's struct, no further than the caller's struct_size, which is kept.
template <class Struct>
qn_status fill(Struct* to, Struct value, const char* name) {
  if (!to) return fail(QN_ERROR_INVALID_ARGUMENT, "%s is null", name);
  constexpr uint32_t kHead = sizeof to->struct_size;
  if (to->struct_size < kHead)
    return fail(QN_ERROR_INVALID_ARGUMENT, "struct_size of %s is %u, expected %zu (was it set?)", name, to->struct_size,
                sizeof(Struct));
  const uint32_t size = to->struct_size;
  const size_t known = size < sizeof(Struct) ? size : sizeof(Struct);
  memcpy(reinterpret_cast<char*>(to) + kHead, reinterpret_cast<const char*>(&value) + kHead, known - kHead);
  return QN_OK;
}

// Reads the caller's options; what an older caller does not have stays zero. A newer caller's unknown fields must be 0.
template <class Struct>
qn_status read(const Struct* from, Struct& value, const char* name) {
  value = {};
  if (!from) return QN_OK;
  const uint32_t size = from->struct_size;
  if (size < sizeof from->struct_size || size > 4096)
    return fail(QN_ERROR_INVALID_ARGUMENT, "struct_size of %s is %u, expected %zu (was it set?)", name, size,
                sizeof(Struct));
  memcpy(&value, from, size < sizeof(Struct) ? size : sizeof(Struct));
  for (size_t i = sizeof(Struct); i < size; i++)
    if (reinterpret_cast<const char*>(from)[i])
      return fail(QN_ERROR_UNSUPPORTED, "%s has a field at byte %zu that this library (version %s) does not know", name,
                  i, qn_version());
  return QN_OK;
}

}  // namespace qn
