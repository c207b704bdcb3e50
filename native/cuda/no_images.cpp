// SPDX-License-Identifier: MIT
#include "images.h"

namespace qn::cuda {
const Image kImages[1] = {};
const size_t kImageCount = 0;
}  // namespace qn::cuda
