// SPDX-License-Identifier: MIT
//
// Every layout of packed matrices, once: X(struct, number). The numbers are those of qn_matrix_layout in quantnet.h, in
// ascending order and without gaps.
#pragma once

#include "awq.h"
#include "gptq.h"

#define QN_MATRICES(X) \
  X(GPTQ, 1)           \
  X(AWQ_GEMM, 2)       \
  X(AWQ_GEMV, 3)       \
  /* every line ends in a backslash, so that one more is one line */
