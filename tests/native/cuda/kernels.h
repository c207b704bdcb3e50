// SPDX-License-Identifier: MIT
//
// The kernels of native/cuda, compiled for the emulation. Each namespace is a compilation of its own: the kernels as
// they are, and copies of one in which a mistake was planted.
#pragma once

#include <vector>

#include "emulation.h"

namespace emulated {
const std::vector<emulation::Kernel>& kernels();
}
namespace without_barrier {
const std::vector<emulation::Kernel>& kernels();
}
namespace off_by_one {
const std::vector<emulation::Kernel>& kernels();
}
// Of packed matrices: their `source` is a MatrixTask.
namespace emulated_matrix {
const std::vector<emulation::Kernel>& kernels();
}
namespace swapped_tiles {
const std::vector<emulation::Kernel>& kernels();
}
// That encode: their `source` is an EncodeTask.
namespace emulated_encode {
const std::vector<emulation::Kernel>& kernels();
}
namespace stored_early {
const std::vector<emulation::Kernel>& kernels();
}
namespace other_columns {
const std::vector<emulation::Kernel>& kernels();
}
