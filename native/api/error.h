// SPDX-License-Identifier: MIT
//
// The text behind qn_last_error().
#pragma once

#include "quantnet.h"

namespace qn {

// Keeps one line for this thread's qn_last_error and returns `status`, so that a check is one statement:
//   if (bytes % 34) return fail(QN_ERROR_SIZE, "%zu bytes of Q8_0 are not whole blocks of 34", bytes);
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
qn_status
fail(qn_status status, const char* format, ...);

// How many bytes of a caller's text a message quotes (for "%.*s"): at most 64, and no part of a character of UTF-8.
int quoted_length(const char* text);

}  // namespace qn
