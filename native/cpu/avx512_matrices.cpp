// SPDX-License-Identifier: MIT
//
// Kernels of packed matrices for AVX-512: see avx512.cpp.
#define QN_TARGET avx512

#include "simd/avx512.h"

#include "kernels/matrices.h"
#include "kernels/matrix_group_tables.h"
#include "kernels/matrix_row_bands.h"
#include "kernels/matrix_rows.h"
#include "kernels/matrix_words.h"
#include "matrices.inl"
