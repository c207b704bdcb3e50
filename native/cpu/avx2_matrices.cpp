// SPDX-License-Identifier: MIT
//
// Kernels of packed matrices for AVX2: see avx2.cpp.
#define QN_TARGET avx2

#include "simd/avx2.h"

#include "kernels/matrices.h"
#include "kernels/matrix_row_bands.h"
#include "kernels/matrix_rows.h"
#include "matrices.inl"
