// SPDX-License-Identifier: MIT
//
// Every format, once: X(struct, number). The numbers are those of qn_format in quantnet.h, in ascending order. Tables,
// kernels, tests and the generated enums all come from this list.
#pragma once

#include "iq1_m.h"
#include "iq1_s.h"
#include "iq2_s.h"
#include "iq2_xs.h"
#include "iq2_xxs.h"
#include "iq3_s.h"
#include "iq3_xxs.h"
#include "iq4_nl.h"
#include "iq4_xs.h"
#include "mxfp4.h"
#include "nvfp4.h"
#include "plain.h"
#include "q1_0.h"
#include "q2_0.h"
#include "q2_k.h"
#include "q3_k.h"
#include "q4_0.h"
#include "q4_1.h"
#include "q4_k.h"
#include "q5_0.h"
#include "q5_1.h"
#include "q5_k.h"
#include "q6_k.h"
#include "q8_0.h"
#include "q8_1.h"
#include "q8_k.h"
#include "tq1_0.h"
#include "tq2_0.h"

#define QN_FORMATS(X) \
  X(F32, 0)           \
  X(F16, 1)           \
  X(Q4_0, 2)          \
  X(Q4_1, 3)          \
  X(Q5_0, 6)          \
  X(Q5_1, 7)          \
  X(Q8_0, 8)          \
  X(Q8_1, 9)          \
  X(Q2_K, 10)         \
  X(Q3_K, 11)         \
  X(Q4_K, 12)         \
  X(Q5_K, 13)         \
  X(Q6_K, 14)         \
  X(Q8_K, 15)         \
  X(IQ2_XXS, 16)      \
  X(IQ2_XS, 17)       \
  X(IQ3_XXS, 18)      \
  X(IQ1_S, 19)        \
  X(IQ4_NL, 20)       \
  X(IQ3_S, 21)        \
  X(IQ2_S, 22)        \
  X(IQ4_XS, 23)       \
  X(I8, 24)           \
  X(I16, 25)          \
  X(I32, 26)          \
  X(I64, 27)          \
  X(F64, 28)          \
  X(IQ1_M, 29)        \
  X(BF16, 30)         \
  X(TQ1_0, 34)        \
  X(TQ2_0, 35)        \
  X(MXFP4, 39)        \
  X(NVFP4, 40)        \
  X(Q1_0, 41)         \
  X(Q2_0, 42)         \
  /* every line ends in a backslash, so that one more is one line */
