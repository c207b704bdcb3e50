// SPDX-License-Identifier: MIT
#include "error.h"

#include <stdarg.h>
#include <stdio.h>

namespace qn {
namespace {
thread_local char last_error[512];
}

qn_status fail(qn_status status, const char* format, ...) {
  va_list values;
  va_start(values, format);
  vsnprintf(last_error, sizeof last_error, format, values);
  va_end(values);
  // A name that a caller passed in may hold anything; the message stays one line.
  for (char* c = last_error; *c; c++)
    if (static_cast<unsigned char>(*c) < 0x20 || *c == 0x7f) *c = '?';
  return status;
}

int quoted_length(const char* text) {
  constexpr int kLongest = 64;
  int length = 0;
  while (length < kLongest && text[length])
    length++;
  // A byte 10xxxxxx goes on with a character; the cut moves to the byte that begins it. Text that is not UTF-8 is cut
  // as it is.
  for (int back = 0; text[length] && back < 4; back++)
    if ((static_cast<unsigned char>(text[length - back]) & 0xc0) != 0x80) return length - back;
  return length;
}

}  // namespace qn

using namespace qn;

const char* qn_last_error(void) { return last_error; }

const char* qn_status_name(qn_status status) {
  switch (status) {
#define QN_CASE(name) \
  case name:          \
    return #name;
    QN_CASE(QN_OK)
    QN_CASE(QN_ERROR_INVALID_ARGUMENT)
    QN_CASE(QN_ERROR_SIZE)
    QN_CASE(QN_ERROR_UNSUPPORTED)
    QN_CASE(QN_ERROR_UNAVAILABLE)
    QN_CASE(QN_ERROR_OUT_OF_MEMORY)
    QN_CASE(QN_ERROR_SYSTEM)
    QN_CASE(QN_ERROR_DEVICE_LOST)
    QN_CASE(QN_ERROR_DRIVER)
    QN_CASE(QN_ERROR_NOT_FINITE)
#undef QN_CASE
  }
  return "unknown status";
}
