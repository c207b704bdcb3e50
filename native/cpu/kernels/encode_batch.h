// SPDX-License-Identifier: MIT
//
// How encoders are called: for batches of blocks that stand behind each other. A vector encoder is an overload of
//
//   void encode_batch(const Values& v, Format (&blocks)[kBatch<Format>]);
//
// Other formats are encoded block by block, as formats/encode defines them. That returns PlainCode instead of void,
// which is how the table tells them apart.
#pragma once

#include "../../formats/encode/encoders.h"

namespace qn::QN_TARGET {

// How many blocks of a format are encoded at once.
template <class Format>
inline constexpr int kBatch = 1;

struct PlainCode {};

template <class Format>
QN_HD PlainCode encode_batch(const Values& v, Format (&blocks)[1]) {
  Format block;  // which, unlike the destination, may be written before all numbers are read
  encode(v, block);
  blocks[0] = block;
  return {};
}

}  // namespace qn::QN_TARGET
