// SPDX-License-Identifier: MIT
//
// What every target demands of every call.
#pragma once

#include <cstddef>
#include <cstdint>

#include "quantnet.h"

namespace fuzz {

// Ends the program with a message if a condition does not hold; the fuzzer then keeps the input.
__attribute__((format(printf, 2, 3))) void check(bool holds, const char* message, ...);

// A call that must succeed.
void check_ok(qn_status status, const char* call);

// A call that must fail in one way, with one line of text.
void check_fails(qn_status status, qn_status expected, const char* call);

// A call that may do either: a status that the header knows, and one line of text if it failed.
void check_answer(qn_status status, const char* call);

// The same results, where any NaN is as good as any other.
void check_same(const uint8_t* expected, const uint8_t* found, size_t size, qn_format output, const char* who);

}  // namespace fuzz
