/* SPDX-License-Identifier: MIT
 *
 * Decodes two blocks of Q4_X, the made-up format of docs/adding-a-format.md, on every instruction set that is
 * available, and compares with its formula; then encodes numbers and looks what they decode to. */
#include <math.h>
#include <stdio.h>

#include "quantnet.h"

enum { kBlocks = 2, kValues = 64, kBytes = 36 };

/* Of a half that is not subnormal. */
static float half(const uint8_t *bytes) {
    const int bits = bytes[0] | bytes[1] << 8;
    return ldexpf((float)(1024 + (bits & 1023)), (bits >> 10 & 31) - 25);
}

static float expected(const uint8_t *block, int i) {
    const float scale = half(block) * (float)(int8_t)block[2 + i / 32];
    return scale * (float)((block[4 + i / 2] >> i % 2 * 4 & 15) - 8);
}

static int decodes(qn_device *device) {
    uint8_t blocks[kBlocks * kBytes];
    float weights[kBlocks * kValues];

    for (int i = 0; i < kBlocks * kBytes; i++)
        blocks[i] = (uint8_t)(i * 37 + 11);
    for (int i = 0; i < kBlocks; i++)
        blocks[i * kBytes] = 0x00, blocks[i * kBytes + 1] = 0x38; /* 0.5 as a half */
    if (qn_dequantize(device, QN_FORMAT_Q4_X, blocks, sizeof blocks, QN_FORMAT_F32, weights, sizeof weights) != QN_OK)
        return puts(qn_last_error()), 0;
    for (int i = 0; i < kBlocks * kValues; i++) {
        const float want = expected(blocks + i / kValues * kBytes, i % kValues);
        if (weights[i] != want)
            return printf("%s: weight %d is %g, expected %g\n", qn_last_kernel(), i, weights[i], want), 0;
    }
    printf("%s ", qn_last_kernel());
    return 1;
}

static int encodes(qn_device *device) {
    const float most = 0.2f; /* the numbers are -2 to 2, and there are 16 codes */
    uint8_t blocks[kBlocks * kBytes];
    float numbers[kBlocks * kValues];

    for (int i = 0; i < kBlocks * kValues; i++)
        numbers[i] = (float)(i * 37 % 64 - 32) / 16;
    if (qn_quantize(device, QN_FORMAT_F32, numbers, sizeof numbers, kValues, NULL, QN_FORMAT_Q4_X, blocks,
                    sizeof blocks) != QN_OK)
        return puts(qn_last_error()), 0;
    for (int i = 0; i < kBlocks * kValues; i++) {
        const float found = expected(blocks + i / kValues * kBytes, i % kValues);
        if (!(found >= numbers[i] - most && found <= numbers[i] + most))
            return printf("%s: %g became %g\n", qn_last_kernel(), numbers[i], found), 0;
    }
    printf("%s ", qn_last_kernel());
    return 1;
}

static int check(qn_isa isa) {
    qn_device_options options = {.struct_size = sizeof options, .threads = 1, .isa = isa};
    qn_device *device;

    if (qn_device_open("cpu", &options, &device) != QN_OK) return puts(qn_last_error()), 0;
    const int good = decodes(device) && encodes(device);
    qn_device_close(device);
    return good;
}

int main(void) {
    qn_format_info format = {.struct_size = sizeof format};
    if (qn_format_get(QN_FORMAT_Q4_X, &format) != QN_OK) return puts(qn_last_error()), 1;
    printf("%s: %u weights in %u bytes; ", format.name, (unsigned)format.values_per_block,
           (unsigned)format.bytes_per_block);
    for (size_t i = 0; i < qn_isa_count(); i++) {
        qn_isa_info info = {.struct_size = sizeof info};
        if (qn_isa_at(i, &info) != QN_OK || (info.available && !check(info.isa))) return 1;
    }
    return 0;
}
