// SPDX-License-Identifier: MIT
//
// Encoders, compiled for AVX-512: see avx512.cpp.
#define QN_TARGET avx512

#include "encoders.inl"
