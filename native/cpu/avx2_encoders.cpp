// SPDX-License-Identifier: MIT
//
// Encoders, compiled for AVX2: see avx2.cpp.
#define QN_TARGET avx2

#include "encoders.inl"
