// SPDX-License-Identifier: MIT
//
// Kernels for AVX2, FMA, F16C, BMI1 and BMI2.
#define QN_TARGET avx2

#include "simd/avx2.h"

#include "kernels/all.h"
#include "walk.inl"
