// SPDX-License-Identifier: MIT
//
// The kernels that run on every machine: the formats' own decode(), compiled for the oldest CPU we support. This is the
// reference that the other instruction sets are compared with.
#define QN_TARGET scalar

#include "walk.inl"
