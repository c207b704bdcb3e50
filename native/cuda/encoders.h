// SPDX-License-Identifier: MIT
//
// The formats that GPUs encode into: X(struct, number), as in QN_FORMATS. Kernels, images and tests come from this
// list.
#pragma once

#include "../formats/encode/blocks_of_32.h"
#include "../formats/encode/e2m1.h"
#include "../formats/encode/few_bits.h"
#include "../formats/encode/iq4.h"
#include "../formats/encode/k_formats.h"
#include "../formats/encode/plain.h"

#define QN_GPU_ENCODERS(X) \
  X(F32, 0)                \
  X(F16, 1)                \
  X(Q4_0, 2)               \
  X(Q4_1, 3)               \
  X(Q5_0, 6)               \
  X(Q5_1, 7)               \
  X(Q8_0, 8)               \
  X(Q8_1, 9)               \
  X(Q2_K, 10)              \
  X(Q3_K, 11)              \
  X(Q4_K, 12)              \
  X(Q5_K, 13)              \
  X(Q6_K, 14)              \
  X(Q8_K, 15)              \
  X(IQ4_NL, 20)            \
  X(IQ4_XS, 23)            \
  X(BF16, 30)              \
  X(TQ1_0, 34)             \
  X(TQ2_0, 35)             \
  X(MXFP4, 39)             \
  X(NVFP4, 40)             \
  X(Q1_0, 41)              \
  X(Q2_0, 42)              \
  /* every line ends in a backslash, so that one more is one line */
