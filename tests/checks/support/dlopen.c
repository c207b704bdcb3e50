/* SPDX-License-Identifier: MIT
 *
 * Loads the library whose path is given at run time, and decodes one block of Q8_0 with scale 2: weight i is 2 * i. */
#define _POSIX_C_SOURCE 200809L
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "quantnet.h"

/* Object pointers and function pointers have one size wherever there is dlsym; ISO C only lacks the cast. */
#define FIND(function, library)                                         \
    void *function##_symbol = dlsym(library, #function);                \
    __typeof__(&function) p_##function;                                 \
    if (function##_symbol == NULL) return printf("%s\n", dlerror()), 1; \
    memcpy(&p_##function, &function##_symbol, sizeof p_##function)

int main(int argc, char **argv) {
    uint8_t block[34] = {0x00, 0x40}; /* 2 as a half */
    float weights[32];
    qn_device *device;
    void *library = argc == 2 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;

    if (library == NULL) return printf("%s\n", argc == 2 ? dlerror() : "usage: dlopen LIBRARY"), 1;
    FIND(qn_abi_version, library);
    FIND(qn_last_error, library);
    FIND(qn_device_open, library);
    FIND(qn_device_close, library);
    FIND(qn_dequantize, library);

    for (int i = 0; i < 32; i++)
        block[2 + i] = (uint8_t)i;
    if (p_qn_abi_version() != QN_ABI_VERSION)
        return printf("ABI %u, expected %d\n", (unsigned)p_qn_abi_version(), QN_ABI_VERSION), 1;
    if (p_qn_device_open("cpu", NULL, &device) != QN_OK ||
        p_qn_dequantize(device, QN_FORMAT_Q8_0, block, sizeof block, QN_FORMAT_F32, weights, sizeof weights) != QN_OK)
        return puts(p_qn_last_error()), 1;
    p_qn_device_close(device);
    if (dlclose(library) != 0) return puts(dlerror()), 1;

    for (int i = 0; i < 32; i++)
        if (weights[i] != 2.0f * (float)i) return printf("weight %d is %g, expected %d\n", i, weights[i], 2 * i), 1;
    return 0;
}
