// SPDX-License-Identifier: MIT
//
// Runs of the K formats. Layouts are in ../formats; a block of 256 has 32 runs.
#pragma once

#include "runs.h"

namespace qn::QN_TARGET {

// Codes of two bits, four to a byte: runs 4 apart share bytes, and runs 16 apart begin anew.
template <uint32_t kAlign>
QN_DEVICE Codes pairs256(const uint8_t* qs, uint32_t run) {
  return load8<kAlign>(qs + run / 16 * 32 + run % 4 * 8).shifted(run / 4 % 4 * 2, 0x03030303);
}

// The beginning of Q4_K and Q5_K, a multiple of 16 bytes into shared memory: scale and offset of a group.
struct KGroup {
  float scale, offset;

  QN_DEVICE KGroup(const uint8_t* block, uint32_t group) {
    const Words4 head = load16(block);
    // See KScales: of groups 4 to 7 the low bits are in the third word, the high ones above the others' in the first
    // two.
    const uint32_t shift = group % 4 * 8;
    const uint32_t first = head.word[1] >> shift, second = head.word[2] >> shift, third = head.word[3] >> shift;
    const bool early = group < 4;
    const uint32_t code = early ? first & 63 : (third & 15) | (first >> 2 & 48);
    const uint32_t min = early ? second & 63 : (third >> 4 & 15) | (second >> 2 & 48);
    scale = Half::to_float(head.word[0] & 0xffff) * static_cast<float>(code);
    offset = Half::to_float(head.word[0] >> 16) * static_cast<float>(min);
  }
};

// Codes of four bits in blocks of 256: runs 4 apart share bytes, and runs 8 apart begin anew.
template <uint32_t kAlign>
QN_DEVICE Codes nibbles256(const uint8_t* qs, uint32_t run) {
  return load8<kAlign>(qs + run / 8 * 32 + run % 4 * 8).shifted(run / 4 % 2 * 4, 0x0f0f0f0f);
}

template <>
struct Runs<Q2_K> : NoBook {
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t*, float (&w)[8]) {
    const At<Q2_K> at(tile, run);
    const uint32_t packed = at.block()->scales[at.run / 2];
    const float scale = load_half(at.bytes + offsetof(Q2_K, d)) * static_cast<float>(packed & 15);
    const float offset = load_half(at.bytes + offsetof(Q2_K, dmin)) * static_cast<float>(packed >> 4);
    scaled_plus(pairs256<4>(at.block()->qs, at.run), scale, -offset, w);
  }
};

template <>
struct Runs<Q3_K> : NoBook {
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t*, float (&w)[8]) {
    const At<Q3_K> at(tile, run);
    const float scale =
        load_half(at.bytes + offsetof(Q3_K, d)) * static_cast<float>(at.block()->scale(static_cast<int>(at.run / 2)));
    const Codes high = load8<2>(at.block()->hmask + at.run % 4 * 8).shifted(at.run / 4, 0x01010101);
    const Codes codes = pairs256<2>(at.block()->qs, at.run) | Codes{high.low << 2, high.high << 2};
    scaled(codes, 4, scale, w);
  }
};

template <>
struct Runs<Q4_K> : NoBook {
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t*, float (&w)[8]) {
    const At<Q4_K> at(tile, run);
    const KGroup group(at.bytes, at.run / 4);
    scaled_plus(nibbles256<8>(at.block()->qs, at.run), group.scale, -group.offset, w);
  }
};

template <>
struct Runs<Q5_K> : NoBook {
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t*, float (&w)[8]) {
    const At<Q5_K> at(tile, run);
    const KGroup group(at.bytes, at.run / 4);
    const Codes high = load8<8>(at.block()->qh + at.run % 4 * 8).shifted(at.run / 4, 0x01010101);
    const Codes codes = nibbles256<8>(at.block()->qs, at.run) | Codes{high.low << 4, high.high << 4};
    scaled_plus(codes, group.scale, -group.offset, w);
  }
};

template <>
struct Runs<Q6_K> : NoBook {
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t*, float (&w)[8]) {
    const At<Q6_K> at(tile, run);
    const Q6_K* const block = at.block();
    const float scale = load_half(at.bytes + offsetof(Q6_K, d)) * static_cast<float>(block->scales[at.run / 2]);
    const uint8_t* const ql = block->ql + at.run / 16 * 64 + at.run % 8 * 8;
    const Codes low = load8<2>(ql).shifted(at.run / 8 % 2 * 4, 0x0f0f0f0f);
    const Codes high = pairs256<2>(block->qh, at.run);
    scaled(low | Codes{high.low << 4, high.high << 4}, 32, scale, w);
  }
};

}  // namespace qn::QN_TARGET
