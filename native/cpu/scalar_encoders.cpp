// SPDX-License-Identifier: MIT
//
// Encoders on every machine: the reference that the other instruction sets are compared with.
#define QN_TARGET scalar

#include "encoders.inl"
