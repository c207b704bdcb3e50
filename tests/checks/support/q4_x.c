/* SPDX-License-Identifier: MIT
 *
 * Decodes two blocks of Q4_X, the made-up format of docs/adding-a-format.md, on every instruction set that is
 * available, and compares with its formula. */
#include <stdio.h>

#include "quantnet.h"

enum { kBlocks = 2, kValues = 64, kBytes = 36 };

static float expected(const uint8_t *block, int i) {
    const float scale = 0.5f * (float)(int8_t)block[2 + i / 32];
    return scale * (float)((block[4 + i / 2] >> i % 2 * 4 & 15) - 8);
}

static int check(qn_isa isa) {
    uint8_t blocks[kBlocks * kBytes];
    float weights[kBlocks * kValues];
    qn_device_options options = {.struct_size = sizeof options, .threads = 1, .isa = isa};
    qn_device *device;

    for (int i = 0; i < kBlocks * kBytes; i++)
        blocks[i] = (uint8_t)(i * 37 + 11);
    for (int i = 0; i < kBlocks; i++)
        blocks[i * kBytes] = 0x00, blocks[i * kBytes + 1] = 0x38; /* 0.5 as a half */
    if (qn_device_open("cpu", &options, &device) != QN_OK ||
        qn_dequantize(device, QN_FORMAT_Q4_X, blocks, sizeof blocks, QN_FORMAT_F32, weights, sizeof weights) != QN_OK)
        return puts(qn_last_error()), 1;
    qn_device_close(device);

    for (int i = 0; i < kBlocks * kValues; i++) {
        const float want = expected(blocks + i / kValues * kBytes, i % kValues);
        if (weights[i] != want)
            return printf("%s: weight %d is %g, expected %g\n", qn_last_kernel(), i, weights[i], want), 1;
    }
    printf("%s ", qn_last_kernel());
    return 0;
}

int main(void) {
    qn_format_info format = {.struct_size = sizeof format};
    if (qn_format_get(QN_FORMAT_Q4_X, &format) != QN_OK) return puts(qn_last_error()), 1;
    printf("%s: %u weights in %u bytes; ", format.name, (unsigned)format.values_per_block,
           (unsigned)format.bytes_per_block);
    for (size_t i = 0; i < qn_isa_count(); i++) {
        qn_isa_info info = {.struct_size = sizeof info};
        if (qn_isa_at(i, &info) != QN_OK || (info.available && check(info.isa) != 0)) return 1;
    }
    return 0;
}
