/* SPDX-License-Identifier: MIT
 *
 * Decodes one block of Q4_0 with scale 2: weight i is 2 * (i % 16 - 8). */
#include <stdio.h>

#include "quantnet.h"

int main(void) {
    uint8_t block[18] = {0x00, 0x40}; /* 2 as a half */
    float weights[32];
    qn_device *device;

    for (int i = 0; i < 16; i++)
        block[2 + i] = (uint8_t)(i | i << 4);
    if (qn_abi_version() != QN_ABI_VERSION)
        return printf("ABI %u, expected %d\n", (unsigned)qn_abi_version(), QN_ABI_VERSION), 1;
    if (qn_device_open("cpu", NULL, &device) != QN_OK) return puts(qn_last_error()), 1;
    if (qn_dequantize(device, QN_FORMAT_Q4_0, block, sizeof block, QN_FORMAT_F32, weights, sizeof weights) != QN_OK)
        return puts(qn_last_error()), 1;
    qn_device_close(device);

    for (int i = 0; i < 32; i++) {
        float expected = 2.0f * (float)(i % 16 - 8);
        if (weights[i] != expected) return printf("weight %d is %g, expected %g\n", i, weights[i], expected), 1;
    }
    return 0;
}
