// SPDX-License-Identifier: MIT
//
// Packed matrices on every machine: the layouts' own at(). This is the reference that the other instruction sets are
// compared with.
#define QN_TARGET scalar

#include "matrices.inl"
