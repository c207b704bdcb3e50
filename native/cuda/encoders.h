// SPDX-License-Identifier: MIT
//
// The formats that GPUs encode into: X(struct). They are those that the headers included here have encoders for, which
// a test holds against this list; kernels, images and tests come from it.
#pragma once

#include "../formats/encode/blocks_of_32.h"
#include "../formats/encode/e2m1.h"
#include "../formats/encode/few_bits.h"
#include "../formats/encode/iq4.h"
#include "../formats/encode/k_formats.h"
#include "../formats/encode/plain.h"

#define QN_GPU_ENCODERS(X) \
  X(F32)                   \
  X(F16)                   \
  X(Q4_0)                  \
  X(Q4_1)                  \
  X(Q5_0)                  \
  X(Q5_1)                  \
  X(Q8_0)                  \
  X(Q8_1)                  \
  X(Q2_K)                  \
  X(Q3_K)                  \
  X(Q4_K)                  \
  X(Q5_K)                  \
  X(Q6_K)                  \
  X(Q8_K)                  \
  X(IQ4_NL)                \
  X(IQ4_XS)                \
  X(BF16)                  \
  X(TQ1_0)                 \
  X(TQ2_0)                 \
  X(MXFP4)                 \
  X(NVFP4)                 \
  X(Q1_0)                  \
  X(Q2_0)                  \
  /* every line ends in a backslash, so that one more is one line */
