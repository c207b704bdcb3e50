// SPDX-License-Identifier: MIT
//
// Every layout of packed matrices, once: X(struct, number). The numbers are those of qn_matrix_layout in quantnet.h, in
// ascending order and without gaps.
#pragma once

#include "awq.h"
#include "bitsandbytes.h"
#include "float4_rows.h"
#include "float8.h"
#include "gptq.h"
#include "pack_quantized.h"

#define QN_MATRICES(X) \
  X(GPTQ, 1)           \
  X(AWQ_GEMM, 2)       \
  X(AWQ_GEMV, 3)       \
  X(AWQ_GEMV_FAST, 4)  \
  X(PACK_QUANTIZED, 5) \
  X(INT8, 6)           \
  X(FLOAT8, 7)         \
  X(MXFP4_ROWS, 8)     \
  X(NVFP4_ROWS, 9)     \
  X(BNB_4BIT, 10)      \
  X(LLM_INT8, 11)      \
  /* every line ends in a backslash, so that one more is one line */

// Those that may have a group_index.
#define QN_INDEXED_MATRICES(X) \
  X(GPTQ, 1)                   \
  X(PACK_QUANTIZED, 5)         \
  /* every line ends in a backslash, so that one more is one line */
