/* SPDX-License-Identifier: MIT
 *
 * Quant.Net: quantized LLM weights, decoded to the bit at the speed of memory.
 *
 * This header is the whole C interface and its manual. In one page:
 *
 *     qn_device *device;
 *     if (qn_device_open("auto", NULL, &device) != QN_OK)
 *         return complain(qn_last_error());
 *
 *     // 4096 weights of Q4_K are 16 blocks of 256 weights in 144 bytes.
 *     qn_dequantize(device, QN_FORMAT_Q4_K, packed, 16 * 144, QN_FORMAT_F32, floats, 4096 * sizeof(float));
 *     qn_device_close(device);
 *
 * Conventions
 *   - Every call that can fail returns a qn_status, QN_OK or negative. The reason, with the values found and
 *     expected, is one line of text in qn_last_error(), which belongs to the calling thread.
 *   - The library prints nothing, never exits or aborts, and lets no exception out.
 *   - Sizes are in bytes unless a name says otherwise; counts are 64-bit. Strings are UTF-8 and end in zero.
 *   - Sources come before destinations, each pointer with its length. Sources and destinations may stand at any
 *     address (no alignment is needed), must not overlap, and stay the caller's; nothing is kept after a call returns.
 *   - All functions may be called from any thread at any time. One device may serve many threads at once; only
 *     qn_device_close must be the last call on its device.
 *   - Structs that begin with struct_size may grow. The caller sets struct_size to sizeof the struct it was compiled
 *     with; the library fills in no more than that many bytes.
 *   - Results are the same bits on every device and instruction set and for any number of threads. NaN stays NaN; its
 *     payload is not part of the promise. The caller's floating-point modes (rounding, flush-to-zero) change nothing.
 */
#ifndef QUANTNET_H
#define QUANTNET_H

#include <stddef.h>
#include <stdint.h>

#if defined(QN_BUILDING_LIBRARY) && defined(_WIN32)
#define QN_API __declspec(dllexport)
#elif defined(QN_BUILDING_LIBRARY)
#define QN_API __attribute__((visibility("default")))
#elif defined(_WIN32)
#define QN_API __declspec(dllimport)
#else
#define QN_API
#endif

/* Enums are 32 bits wide and may hold numbers that this header does not know yet. */
#if defined(__cplusplus) || (defined(__STDC_VERSION__) && __STDC_VERSION__ >= 202311L)
#define QN_ENUM : int32_t
#else
#define QN_ENUM
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---------------------------------------------------------------- versions */

/** Version of this interface. It goes up when a program compiled against an older header would break. */
#define QN_ABI_VERSION 1

/** Version of the library, as in its release name. */
#define QN_VERSION_MAJOR 0
#define QN_VERSION_MINOR 1
#define QN_VERSION_PATCH 0

/** The QN_ABI_VERSION that the loaded library was compiled with. Compare it with the header's, once. */
QN_API uint32_t qn_abi_version(void);

/** The version of the loaded library, such as "0.1.0". Static text. */
QN_API const char *qn_version(void);

/* ------------------------------------------------------------------ errors */

/** What a call returns: QN_OK, or a negative number that says what kind of failure it was. */
typedef enum qn_status QN_ENUM {
    /** Done. */
    QN_OK = 0,
    /** An argument is null, unknown or malformed. */
    QN_ERROR_INVALID_ARGUMENT = -1,
    /** Lengths do not fit: a source that is not whole blocks, a destination that is too short. */
    QN_ERROR_SIZE = -2,
    /** The library knows what is asked for, but not on this device or not for this format. */
    QN_ERROR_UNSUPPORTED = -3,
    /** The device or instruction set cannot be had on this machine. */
    QN_ERROR_UNAVAILABLE = -4,
    /** Memory could not be had. */
    QN_ERROR_OUT_OF_MEMORY = -5,
    /** The operating system refused something else, such as starting a thread. */
    QN_ERROR_SYSTEM = -6,
    /** A GPU's context ended, as by an access to an illegal address; nothing works on this device any more. Other
     * devices do. Close the device and everything that was made from it, then open it anew. */
    QN_ERROR_DEVICE_LOST = -7,
    /** The driver of a GPU reported another error, which qn_last_error names. */
    QN_ERROR_DRIVER = -8,
    /** A number to be quantized is NaN or infinite; qn_last_error says which. */
    QN_ERROR_NOT_FINITE = -9
} qn_status;

/** One line about the last call that failed in this thread ("" if none did). It stays valid until the thread's next
 *  failing call. */
QN_API const char *qn_last_error(void);

/** The name of a status, such as "QN_ERROR_SIZE". Static text; "unknown status" for any other number. */
QN_API const char *qn_status_name(qn_status status);

/* ----------------------------------------------------------------- formats */

/** How numbers are stored. Up to 999 these are GGUF's type numbers (ggml.h, enum ggml_type); formats that GGUF does not
 *  have start at 0x1000. Numbers never change. The layout of each is described in native/formats. */
typedef enum qn_format QN_ENUM {
    QN_FORMAT_F32 = 0,
    QN_FORMAT_F16 = 1,
    QN_FORMAT_Q4_0 = 2,
    QN_FORMAT_Q4_1 = 3,
    QN_FORMAT_Q5_0 = 6,
    QN_FORMAT_Q5_1 = 7,
    QN_FORMAT_Q8_0 = 8,
    QN_FORMAT_Q8_1 = 9,
    QN_FORMAT_Q2_K = 10,
    QN_FORMAT_Q3_K = 11,
    QN_FORMAT_Q4_K = 12,
    QN_FORMAT_Q5_K = 13,
    QN_FORMAT_Q6_K = 14,
    QN_FORMAT_Q8_K = 15,
    QN_FORMAT_IQ2_XXS = 16,
    QN_FORMAT_IQ2_XS = 17,
    QN_FORMAT_IQ3_XXS = 18,
    QN_FORMAT_IQ1_S = 19,
    QN_FORMAT_IQ4_NL = 20,
    QN_FORMAT_IQ3_S = 21,
    QN_FORMAT_IQ2_S = 22,
    QN_FORMAT_IQ4_XS = 23,
    QN_FORMAT_I8 = 24,
    QN_FORMAT_I16 = 25,
    QN_FORMAT_I32 = 26,
    QN_FORMAT_I64 = 27,
    QN_FORMAT_F64 = 28,
    QN_FORMAT_IQ1_M = 29,
    QN_FORMAT_BF16 = 30,
    QN_FORMAT_TQ1_0 = 34,
    QN_FORMAT_TQ2_0 = 35,
    QN_FORMAT_MXFP4 = 39,
    QN_FORMAT_NVFP4 = 40,
    QN_FORMAT_Q1_0 = 41,
    QN_FORMAT_Q2_0 = 42,
} qn_format;

/** What is known of a format. */
typedef struct qn_format_info {
    /** Set by the caller to sizeof(qn_format_info). */
    uint32_t struct_size;
    /** The format's number. */
    qn_format format;
    /** Weights in one block; 1 for plain types. A row of a tensor is a whole number of blocks. */
    uint32_t values_per_block;
    /** Bytes of one block. */
    uint32_t bytes_per_block;
    /** Neighbouring weights that share all their scales. */
    uint32_t values_per_group;
    /** Reserved, 0. */
    uint32_t reserved;
    /** The format's usual name, such as "Q4_K". Static text. */
    const char *name;
    /** How a weight is computed, in one line, such as "w = d * q". Static text. */
    const char *formula;
} qn_format_info;

/** The number of formats that the library knows. */
QN_API size_t qn_format_count(void);

/** The format at a place of the library's list, in order of their numbers.
 *  @param index  0 to qn_format_count() - 1; QN_ERROR_INVALID_ARGUMENT beyond that.
 *  @param info   filled in. */
QN_API qn_status qn_format_at(size_t index, qn_format_info *info);

/** What is known of a format.
 *  @param format  its number; QN_ERROR_INVALID_ARGUMENT for one that the library does not know.
 *  @param info    filled in. */
QN_API qn_status qn_format_get(qn_format format, qn_format_info *info);

/* ----------------------------------------------------------------- devices */

/** A set of CPU instructions that kernels are compiled for. Each contains the ones before it. */
typedef enum qn_isa QN_ENUM {
    /** The best set that this CPU and operating system have. */
    QN_ISA_AUTO = 0,
    /** What every x86-64 CPU has; plain code on other architectures. */
    QN_ISA_SCALAR = 1,
    /** AVX2, FMA, F16C, BMI1 and BMI2. */
    QN_ISA_AVX2 = 2,
    /** AVX-512 F, BW, DQ, VL and CD. */
    QN_ISA_AVX512 = 3,
    /** AVX-512 VBMI, VBMI2 and VNNI on top. */
    QN_ISA_AVX512VBMI = 4
} qn_isa;

/** What is known of an instruction set here. */
typedef struct qn_isa_info {
    /** Set by the caller to sizeof(qn_isa_info). */
    uint32_t struct_size;
    /** The set. */
    qn_isa isa;
    /** 1 if the library has kernels for it and this machine can run them, else 0. */
    uint32_t available;
    /** Reserved, 0. */
    uint32_t reserved;
    /** Its name, such as "avx2", as QUANTNET_ISA takes it. Static text. */
    const char *name;
    /** Why it is not available ("the CPU lacks AVX512VBMI"), or "". Static text. */
    const char *reason;
} qn_isa_info;

/** The number of instruction sets that the library knows (QN_ISA_AUTO does not count). */
QN_API size_t qn_isa_count(void);

/** The instruction set at a place of the library's list, lowest first.
 *  @param index  0 to qn_isa_count() - 1; QN_ERROR_INVALID_ARGUMENT beyond that.
 *  @param info   filled in. */
QN_API qn_status qn_isa_at(size_t index, qn_isa_info *info);

/** What kind of hardware a device is. */
typedef enum qn_device_kind QN_ENUM {
    /** The processor, with a pool of threads. */
    QN_DEVICE_CPU = 0,
    /** A GPU, through the CUDA driver. */
    QN_DEVICE_CUDA = 1
} qn_device_kind;

/** A device that is open. Opaque; from qn_device_open, ended by qn_device_close. */
typedef struct qn_device qn_device;

/** The least that qn_device_options.memory_limit can be, in bytes. */
#define QN_MEMORY_LIMIT_MIN 1048576

/** How to open a device. Zero in a field means "as the library thinks best". */
typedef struct qn_device_options {
    /** Set by the caller to sizeof(qn_device_options). */
    uint32_t struct_size;
    /** How many threads work on a call, the caller's included; at most 1024. On a GPU they copy between the caller's
     *  memory and pinned memory. 0: one for each processor that this process may use. On a GPU no more than 8 are used.
     */
    uint32_t threads;
    /** CPU: the instruction set. QN_ISA_AUTO: the one named by the environment variable QUANTNET_ISA, else the best. */
    qn_isa isa;
    /** Reserved, 0. */
    uint32_t reserved;
    /** GPU: bytes of its memory, and again as many of pinned host memory, through which work on the caller's memory
     * goes (qn_dequantize and others that are not asynchronous). Taken at the first such call; where so much cannot be
     * had, less is used, down to QN_MEMORY_LIMIT_MIN. 0: 64 MiB. */
    uint64_t memory_limit;
} qn_device_options;

/** What is known of a device. */
typedef struct qn_device_info {
    /** Set by the caller to sizeof(qn_device_info). */
    uint32_t struct_size;
    /** What it is. */
    qn_device_kind kind;
    /** The N of cuda:N, 0 for the CPU. */
    uint32_t index;
    /** Threads that work on a call. */
    uint32_t threads;
    /** CPU: the instruction set in use. QN_ISA_AUTO for others. */
    qn_isa isa;
    /** Reserved, 0. */
    uint32_t reserved;
    /** Its name, as qn_device_open takes it: "cpu", "cuda:0". */
    char name[32];
    /** One line for people: the hardware, what was chosen, and why nothing better was. */
    char description[512];
    /** GPU: bytes of its memory. 0 for the CPU, as are all fields below. */
    uint64_t memory_total;
    /** GPU: bytes of its memory that are free now. 0 for a device that is not open: only a context can tell. */
    uint64_t memory_free;
    /** GPU: the compute capability, 9 and 0 for 9.0. */
    uint32_t compute_major;
    /** GPU: see compute_major. */
    uint32_t compute_minor;
    /** GPU: the newest CUDA that the driver knows, as the driver counts: 12040 for 12.4. */
    uint32_t driver_version;
    /** Reserved, 0. */
    uint32_t reserved2;
} qn_device_info;

/** The number of devices of this machine that could be opened now. The CPU is always the first; GPUs that are here but
 *  cannot be used do not count (see qn_gpu_count). */
QN_API size_t qn_device_count(void);

/** Describes a device of this machine without opening it, as it would be with default options.
 *  @param index  0 to qn_device_count() - 1; QN_ERROR_INVALID_ARGUMENT beyond that.
 *  @param info   filled in. */
QN_API qn_status qn_device_at(size_t index, qn_device_info *info);

/** The number of GPUs that the CUDA driver finds, also those that cannot be used: qn_device_open says of each cuda:N
 * below this number what it is or why it cannot be had. 0 without a driver. */
QN_API size_t qn_gpu_count(void);

/** Opens a device.
 *  @param name     "cpu", "cuda:N", or "auto": a usable CUDA device, else the CPU. The description of what "auto" opens
 * tells why GPUs that cannot be used were not taken. There is no other fall-back.
 *  @param options  how, or NULL for defaults.
 *  @param device   receives the device; close it with qn_device_close. NULL on failure.
 *  @return QN_ERROR_INVALID_ARGUMENT for a name that is none; QN_ERROR_UNAVAILABLE for a device or instruction set
 *          that cannot be had here (qn_last_error says why); QN_ERROR_OUT_OF_MEMORY; QN_ERROR_SYSTEM when a thread
 *          cannot be started. */
QN_API qn_status qn_device_open(const char *name, const qn_device_options *options, qn_device **device);

/** Closes a device and ends its threads. Waits for nothing else: no call on it may be running. Streams, events and
 * buffers made from it stay good until they are closed. NULL is allowed. */
QN_API void qn_device_close(qn_device *device);

/** Describes an open device.
 *  @param device  an open device.
 *  @param info    filled in. */
QN_API qn_status qn_device_describe(const qn_device *device, qn_device_info *info);

/* ------------------------------------------------------------ capabilities */

/** What can be done with a format. */
typedef enum qn_operation QN_ENUM {
    /** From a packed or plain format to f32, f16 or bf16. */
    QN_OPERATION_DEQUANTIZE = 0,
    /** From f32, f16 or bf16 to a packed or plain format. */
    QN_OPERATION_QUANTIZE = 1
} qn_operation;

/** How a device does an operation. */
typedef struct qn_capability {
    /** Set by the caller to sizeof(qn_capability). */
    uint32_t struct_size;
    /** 1 if the device can do it, else 0. */
    uint32_t supported;
    /** 1 if the kernel was written by hand for this format, or for codes of these bits in this layout; 0 if it is the
     * general one. */
    uint32_t tuned;
    /** 1 if it cannot be done without importance (see qn_quantize_options), else 0. */
    uint32_t needs_importance;
    /** The kernel that does it, such as "avx512/Q4_K/f32"; "" if there is none. Valid as long as the library. */
    const char *kernel;
} qn_capability;

/** Asks whether and how a device does an operation.
 *  @param device      an open device.
 *  @param operation   what is to be done.
 *  @param from        the format of the source.
 *  @param to          the format of the result.
 *  @param capability  filled in; supported is 0 for any combination that the device cannot do.
 *  @return QN_ERROR_INVALID_ARGUMENT for a null pointer or a format that the library does not know. */
QN_API qn_status qn_device_capability(const qn_device *device, qn_operation operation, qn_format from, qn_format to,
                                      qn_capability *capability);

/** The kernel that did the work of this thread's last successful call, such as "avx512/Q4_K/f32" ("" before the first).
 *  Valid as long as the library. */
QN_API const char *qn_last_kernel(void);

/* -------------------------------------------------------------- dequantize */

/** Decodes whole blocks.
 *
 *  f32 results equal the format's reference bit for bit; f16 and bf16 results are those rounded once, to nearest even,
 *  subnormals kept, overflow to infinity. A source that already has the output's format is copied.
 *
 *  @param device            an open device. Several threads may call at once; while one call holds the device's pool
 *                           the others run in their callers' threads.
 *  @param format            the format of the source.
 *  @param source            packed blocks; may be NULL if source_size is 0.
 *  @param source_size       bytes of source: a whole number of blocks, else QN_ERROR_SIZE.
 *  @param output            QN_FORMAT_F32, QN_FORMAT_F16 or QN_FORMAT_BF16, else QN_ERROR_UNSUPPORTED.
 *  @param destination       receives the weights, in order; may be NULL if source_size is 0.
 *  @param destination_size  bytes at destination: at least the weights' size in the output format, else QN_ERROR_SIZE.
 *                           Bytes beyond that are left alone.
 *  @return QN_ERROR_INVALID_ARGUMENT when the buffers overlap. Nothing is written when arguments are refused; when a
 * GPU fails in the middle (QN_ERROR_DEVICE_LOST, QN_ERROR_DRIVER, QN_ERROR_OUT_OF_MEMORY) a part may be. */
QN_API qn_status qn_dequantize(qn_device *device, qn_format format, const void *source, size_t source_size,
                               qn_format output, void *destination, size_t destination_size);

/** Decodes the rows of a matrix that a list names, in the list's order: one call for a batch of embeddings.
 *
 *  @param device            an open device.
 *  @param format            the format of the source.
 *  @param source            the packed matrix, rows behind each other.
 *  @param source_size       bytes of source: a whole number of rows, else QN_ERROR_SIZE.
 *  @param values_per_row    weights of a row: a whole number of blocks and not 0, else QN_ERROR_SIZE.
 *  @param rows              the numbers of the rows to decode, in any order, with repetitions; each must be below the
 *                           number of rows of source, else QN_ERROR_INVALID_ARGUMENT.
 *  @param row_count         how many numbers rows has.
 *  @param output            as in qn_dequantize.
 *  @param destination       receives row_count rows, behind each other.
 *  @param destination_size  bytes at destination, as in qn_dequantize.
 *  @return as qn_dequantize. */
QN_API qn_status qn_dequantize_rows(qn_device *device, qn_format format, const void *source, size_t source_size,
                                    uint64_t values_per_row, const uint64_t *rows, size_t row_count, qn_format output,
                                    void *destination, size_t destination_size);

/* ---------------------------------------------------------------- quantize */

/** What qn_quantize may do. */
typedef enum qn_quantize_flags QN_ENUM {
    /** NaN and infinities are encoded, as what the format's operations make of them; nothing is promised of such blocks
     * but that they are the same on every instruction set. On a GPU the sign of a NaN may differ. */
    QN_QUANTIZE_ALLOW_NONFINITE = 1,
    /** Search longer than ggml does: blocks of Q2_K to Q6_K whose squared error, weighted by importance, is lower or
     * the same, never higher. The bytes are not ggml's then; other formats have no longer search, and the same bytes.
     * On the CPU only: a GPU gives QN_ERROR_UNSUPPORTED for these formats. */
    QN_QUANTIZE_BEST = 2
} qn_quantize_flags;

/** How to quantize. Zero in a field means "no". */
typedef struct qn_quantize_options {
    /** Set by the caller to sizeof(qn_quantize_options). */
    uint32_t struct_size;
    /** Any of qn_quantize_flags. */
    uint32_t flags;
    /** How much each column matters, float32, from an importance matrix, or NULL. Used by Q4_0, Q4_1, Q5_0, Q5_1, Q2_K
     * to Q6_K and the IQ formats, some of which cannot do without (qn_capability.needs_importance); others give the
     * same bytes with it as without. */
    const void *importance;
    /** Bytes of importance: a float32 for each value of a row, else QN_ERROR_SIZE. */
    size_t importance_size;
} qn_quantize_options;

/** Encodes rows.
 *
 *  The bytes are those of ggml's ggml_quantize_chunk (Q8_1 and Q8_K: of its quantize_row_*_ref), built without
 *  floating-point contraction; QN_QUANTIZE_BEST gives better ones. Rows are encoded one by one: a matrix may be
 *  quantized in pieces of whole rows.
 *
 *  @param device            an open device.
 *  @param input             the format of the source: QN_FORMAT_F32, QN_FORMAT_F16 or QN_FORMAT_BF16, else
 *                           QN_ERROR_UNSUPPORTED.
 *  @param source            the numbers, rows behind each other; may be NULL if source_size is 0.
 *  @param source_size       bytes of source: a whole number of rows, else QN_ERROR_SIZE.
 *  @param values_per_row    numbers of a row: a whole number of blocks of the format and not 0, else QN_ERROR_SIZE.
 *  @param options           how, or NULL for defaults.
 *  @param format            the format of the result. QN_ERROR_UNSUPPORTED if it has no encoder (see
 *                           qn_device_capability).
 *  @param destination       receives the packed rows; may be NULL if source_size is 0.
 *  @param destination_size  bytes at destination: at least the packed rows' size, else QN_ERROR_SIZE. Bytes beyond that
 *                           are left alone.
 *  @return QN_ERROR_NOT_FINITE for a source with a NaN or infinity, the first of which qn_last_error names, unless
 *          QN_QUANTIZE_ALLOW_NONFINITE is set; a part of the result may be written then. QN_ERROR_INVALID_ARGUMENT when
 *          buffers overlap, for an importance that is negative, not finite, or 0 in all columns, and for none
 *          where the encoder needs one. Nothing is written when arguments are refused. */
QN_API qn_status qn_quantize(qn_device *device, qn_format input, const void *source, size_t source_size,
                             uint64_t values_per_row, const qn_quantize_options *options, qn_format format,
                             void *destination, size_t destination_size);

/* --------------------------------------------------------- packed matrices
 *
 * Checkpoints of GPTQ, AWQ and others (safetensors files) keep a matrix in several arrays side by side: codes, scales,
 * zero points. A qn_matrix names them:
 *
 *     qn_matrix matrix = {0};
 *     matrix.struct_size = sizeof matrix;
 *     matrix.layout = QN_MATRIX_GPTQ;
 *     matrix.rows = 4096;
 *     matrix.columns = 11008;  // and group_size, bits, flags, scale_format
 *     matrix.codes = qweight;
 *     matrix.codes_size = 11008 / 8 * 4096 * sizeof *qweight;  // and scales, zeros, group_index
 *     qn_dequantize_matrix(device, &matrix, QN_ORDER_ROWS, 0, 4096, QN_FORMAT_F16, weights, weights_size);
 */

/** How the arrays of a packed matrix are laid out. The layout of each is described in native/formats. */
typedef enum qn_matrix_layout QN_ENUM {
    /** GPTQ: codes of 2, 3, 4 or 8 bits packed along the input features. */
    QN_MATRIX_GPTQ = 1,
    /** AWQ, version GEMM: codes of 4 bits packed along the output features, dealt out in each word. */
    QN_MATRIX_AWQ_GEMM = 2,
    /** AWQ, version GEMV: codes of 4 bits packed along the input features of each output. */
    QN_MATRIX_AWQ_GEMV = 3,
    /** AWQ, version GEMV_FAST: four outputs interleaved; zeros are -scale * zero, of scale_format. */
    QN_MATRIX_AWQ_GEMV_FAST = 4,
    /** compressed-tensors, pack-quantized: codes of 1 to 8 bits packed along the input features of each output. */
    QN_MATRIX_PACK_QUANTIZED = 5,
    /** 8-bit integers, as compressed-tensors' int-quantized; zeros are 8-bit integers too. */
    QN_MATRIX_INT8 = 6,
    /** 8-bit floats, E4M3, with scales of the matrix, of rows, groups or blocks. */
    QN_MATRIX_FLOAT8 = 7,
    /** 4-bit floats, E2M1, with scales of E8M0 for 32 columns, as gpt-oss and compressed-tensors store them. */
    QN_MATRIX_MXFP4_ROWS = 8,
    /** 4-bit floats, E2M1, with scales of E4M3 for 16 columns and a global_scale. */
    QN_MATRIX_NVFP4_ROWS = 9,
    /** bitsandbytes NF4 and FP4: codes of 4 bits for levels; group_size is the block size. */
    QN_MATRIX_BNB_4BIT = 10,
    /** bitsandbytes LLM.int8: 8-bit integers with a scale for each row. */
    QN_MATRIX_LLM_INT8 = 11
} qn_matrix_layout;

/** What is known of a layout. */
typedef struct qn_matrix_layout_info {
    /** Set by the caller to sizeof(qn_matrix_layout_info). */
    uint32_t struct_size;
    /** The layout's number. */
    qn_matrix_layout layout;
    /** Bit b is set if codes may have b bits. */
    uint32_t bits;
    /** Reserved, 0. */
    uint32_t reserved;
    /** Its name, such as "GPTQ". Static text. */
    const char *name;
    /** How a weight is computed, in one line. Static text. */
    const char *formula;
} qn_matrix_layout_info;

/** The number of layouts that the library knows. */
QN_API size_t qn_matrix_layout_count(void);

/** The layout at a place of the library's list, in order of their numbers.
 *  @param index  0 to qn_matrix_layout_count() - 1; QN_ERROR_INVALID_ARGUMENT beyond that.
 *  @param info   filled in. */
QN_API qn_status qn_matrix_layout_at(size_t index, qn_matrix_layout_info *info);

/** What differs between writers of one layout. */
typedef enum qn_matrix_flags QN_ENUM {
    /** Stored zero points are one less than meant: GPTQ's checkpoint_format "gptq". */
    QN_MATRIX_ZERO_PLUS_ONE = 1,
    /** With QN_MATRIX_ZERO_PLUS_ONE: a stored zero point of all ones means 0, not 2 to the power of bits. */
    QN_MATRIX_ZERO_WRAPS = 2,
    /** PACK_QUANTIZED: words hold 32 / bits whole codes, as compressed-tensors wrote them before version 0.18.0. */
    QN_MATRIX_PADDED = 4,
    /** NVFP4_ROWS: scales are divided by global_scale (compressed-tensors), not multiplied (ModelOpt). */
    QN_MATRIX_SCALES_DIVIDED = 8
} qn_matrix_flags;

/** A packed matrix. Rows are output features and columns input features, as in nn.Linear.weight. What a layout does not
 *  have stays 0. */
typedef struct qn_matrix {
    /** Set by the caller to sizeof(qn_matrix). */
    uint32_t struct_size;
    /** How the arrays are laid out. */
    qn_matrix_layout layout;
    /** Output features; at least 1. */
    uint64_t rows;
    /** Input features; at least 1. */
    uint64_t columns;
    /** Columns that share a scale. 0: all. The last group may be shorter. MXFP4_ROWS: 32; NVFP4_ROWS: 16; BNB_4BIT: the
     * weights of a block. */
    uint64_t group_size;
    /** INT8, FLOAT8: rows that share a scale. 0: each has its own. */
    uint64_t group_rows;
    /** Bits of a code. */
    uint32_t bits;
    /** Any of qn_matrix_flags. */
    uint32_t flags;
    /** What scales are: QN_FORMAT_F16, QN_FORMAT_BF16 or QN_FORMAT_F32; 0 where the layout says it. */
    qn_format scale_format;
    /** NVFP4_ROWS: the scale of the matrix. */
    float global_scale;
    /** The packed weights, at any address, as are all arrays. */
    const void *codes;
    /** Bytes of codes: what the shape needs, else QN_ERROR_SIZE. So it is with all sizes. */
    size_t codes_size;
    /** The scales. */
    const void *scales;
    /** Bytes of scales. */
    size_t scales_size;
    /** The packed zero points, or NULL where there are none: codes are symmetric around half their range then, or have
     * signs. */
    const void *zeros;
    /** Bytes of zeros. */
    size_t zeros_size;
    /** GPTQ, PACK_QUANTIZED: the group of each column, 32-bit numbers (g_idx), or NULL: groups in order. If all are 0
     * and there is more than one group, groups are in order too: some writers store that. */
    const void *group_index;
    /** Bytes of group_index. */
    size_t group_index_size;
    /** BNB_4BIT: the values of the sixteen codes, float32 (quant_map). */
    const void *levels;
    /** Bytes of levels. */
    size_t levels_size;
    /** BNB_4BIT, double quantized: the values of the scales' codes, float32 (nested_quant_map); scales are bytes then.
     * NULL: scales are float32. */
    const void *scale_levels;
    /** Bytes of scale_levels. */
    size_t scale_levels_size;
    /** With scale_levels: a scale for each scale_group of scales, float32 (nested_absmax). */
    const void *scale_scales;
    /** Bytes of scale_scales. */
    size_t scale_scales_size;
    /** With scale_levels: scales that share one of scale_scales (nested_blocksize). */
    uint64_t scale_group;
    /** With scale_levels: added to each scale (nested_offset). */
    float scale_offset;
    /** Reserved, 0. */
    uint32_t reserved;
} qn_matrix;

/** In what order weights are written. */
typedef enum qn_order QN_ENUM {
    /** A row behind the other: [rows][columns], as nn.Linear.weight. */
    QN_ORDER_ROWS = 0,
    /** A column behind the other: [columns][rows]. */
    QN_ORDER_COLUMNS = 1
} qn_order;

/** Checks a matrix: that the library can decode it, that all sizes are what the shape needs, that no group_index is out
 *  of range. Decoding checks it too.
 *  @param matrix  the matrix.
 *  @return QN_ERROR_SIZE for sizes and shapes that do not fit, QN_ERROR_INVALID_ARGUMENT for other faults,
 *          QN_ERROR_UNSUPPORTED for bits or flags that the layout does not have. */
QN_API qn_status qn_matrix_check(const qn_matrix *matrix);

/** Asks whether and how a device does an operation on packed matrices, as qn_device_capability does for formats.
 *
 *  A kernel that is tuned may have to leave single matrices to the general code: those whose groups, padding or
 *  addresses do not fit its vectors.
 *
 *  @param device      an open device.
 *  @param operation   what is to be done.
 *  @param layout      the layout of the matrix.
 *  @param bits        the bits of its codes.
 *  @param order       the order of the result.
 *  @param to          the format of the result.
 *  @param capability  filled in; supported is 0 for what qn_dequantize_matrix would refuse with QN_ERROR_UNSUPPORTED:
 *                     bits that the layout does not have, a format that is none of results, a device without a kernel.
 *  @return QN_ERROR_INVALID_ARGUMENT for a null pointer, or a layout, order or format that is not known. */
QN_API qn_status qn_device_matrix_capability(const qn_device *device, qn_operation operation, qn_matrix_layout layout,
                                             uint32_t bits, qn_order order, qn_format to, qn_capability *capability);

/** Decodes rows or columns of a packed matrix.
 *
 *  f32 results are what the layout's own project computes in float32, bit for bit: for integers the exact
 *  (code - zero) * scale, rounded once where the product needs it. f16 and bf16 results are those rounded once more, as
 *  qn_dequantize does.
 *
 *  @param device            an open device.
 *  @param matrix            the matrix.
 *  @param order             QN_ORDER_ROWS or QN_ORDER_COLUMNS.
 *  @param first             the first row (or column) to decode.
 *  @param count             how many; first + count must not be beyond the matrix, else QN_ERROR_INVALID_ARGUMENT.
 *  @param output            QN_FORMAT_F32, QN_FORMAT_F16 or QN_FORMAT_BF16, else QN_ERROR_UNSUPPORTED.
 *  @param destination       receives count rows (or columns), behind each other.
 *  @param destination_size  bytes at destination: at least the weights' size, else QN_ERROR_SIZE.
 *  @return as qn_matrix_check and qn_dequantize.
 *
 *  On a GPU the packed arrays are in its memory as a whole while the call lasts, besides what
 *  qn_device_options.memory_limit allows; the results come back in chunks within it. */
QN_API qn_status qn_dequantize_matrix(qn_device *device, const qn_matrix *matrix, qn_order order, uint64_t first,
                                      uint64_t count, qn_format output, void *destination, size_t destination_size);

/* -------------------------------------------------------------------- GPUs
 *
 * What follows works on CUDA devices; on a CPU device it is QN_ERROR_UNSUPPORTED.
 *
 *     qn_device *gpu;      qn_device_open("cuda:0", NULL, &gpu);
 *     qn_stream *stream;   qn_stream_create(gpu, &stream);
 *     qn_buffer *packed;   qn_buffer_create(gpu, QN_MEMORY_DEVICE, packed_size, &packed);
 *     qn_buffer *weights;  qn_buffer_create(gpu, QN_MEMORY_DEVICE, count * 2, &weights);
 *     qn_copy_to_device(stream, file, qn_buffer_address(packed), packed_size);
 *     qn_dequantize_async(stream, QN_FORMAT_Q4_K, qn_buffer_address(packed), packed_size,
 *                         QN_FORMAT_F16, qn_buffer_address(weights), count * 2);
 *     qn_stream_synchronize(stream);
 *
 *   - Memory of the GPU is an address, a uint64_t, which the CPU cannot read: a CUdeviceptr, or a pointer that another
 *     engine got from cudaMalloc. Addresses are not checked; one that is wrong loses the device.
 *   - Calls that take a stream are asynchronous: they queue work in the stream's order and return. They allocate
 * nothing and wait for nothing, except that the first use of a format loads its kernels (some milliseconds to a
 * second). What they are given must stay as it is until the work is done.
 *   - An error of queued work shows in a later call. Errors that end the GPU's context make the device lost:
 *     QN_ERROR_DEVICE_LOST, now and at each further call. Most drivers then refuse the GPU to the process for good.
 *   - Any number of threads may use one device, each best with a stream of its own. A stream, event or buffer may be
 * used by several threads at once, but not while it is closed.
 *   - The device works in the GPU's primary context, as CUDA's runtime does: memory and streams are shared with it. */

/** The memory of an open GPU.
 *  @param device  an open CUDA device.
 *  @param free    receives the bytes that are free now. May be NULL.
 *  @param total   receives all bytes. May be NULL. */
QN_API qn_status qn_device_memory(const qn_device *device, uint64_t *free, uint64_t *total);

/** Work of a GPU that is done in order. Opaque. */
typedef struct qn_stream qn_stream;

/** Makes a stream. It does not wait for the default stream.
 *  @param device  an open CUDA device.
 *  @param stream  receives the stream; close it with qn_stream_close. NULL on failure. */
QN_API qn_status qn_stream_create(qn_device *device, qn_stream **stream);

/** Makes a handle for a stream of another engine, which stays that engine's.
 *  @param device  an open CUDA device, the stream's.
 *  @param handle  a CUstream or cudaStream_t as a number; 0 is the default stream.
 *  @param stream  receives the handle; qn_stream_close ends it and leaves the stream alone. NULL on failure.
 *  @return QN_ERROR_INVALID_ARGUMENT for a stream of another device or context. */
QN_API qn_status qn_stream_from_native(qn_device *device, uint64_t handle, qn_stream **stream);

/** Ends a stream. Work that is queued in it is still done. NULL is allowed. */
QN_API void qn_stream_close(qn_stream *stream);

/** The stream as a CUstream or cudaStream_t, for other engines. 0 for NULL. */
QN_API uint64_t qn_stream_native(const qn_stream *stream);

/** Waits until all work queued in a stream is done. */
QN_API qn_status qn_stream_synchronize(qn_stream *stream);

/** Asks whether all work queued in a stream is done, without waiting.
 *  @param stream  the stream.
 *  @param done    receives 1 or 0. */
QN_API qn_status qn_stream_query(qn_stream *stream, uint32_t *done);

/** A point in the work of a stream. Opaque. */
typedef struct qn_event qn_event;

/** Makes an event, which counts as passed until it is recorded.
 *  @param device  an open CUDA device.
 *  @param event   receives the event; close it with qn_event_close. NULL on failure. */
QN_API qn_status qn_event_create(qn_device *device, qn_event **event);

/** Ends an event. NULL is allowed. */
QN_API void qn_event_close(qn_event *event);

/** Puts an event behind the work that is queued in a stream so far. Recording it again moves it.
 *  @return QN_ERROR_INVALID_ARGUMENT if event and stream are of different devices. */
QN_API qn_status qn_event_record(qn_event *event, qn_stream *stream);

/** Waits until an event has passed. */
QN_API qn_status qn_event_synchronize(qn_event *event);

/** Asks whether an event has passed, without waiting.
 *  @param event  the event.
 *  @param done   receives 1 or 0. */
QN_API qn_status qn_event_query(qn_event *event, uint32_t *done);

/** Makes the work that is queued in a stream from now on wait for an event, which may be another stream's. */
QN_API qn_status qn_stream_wait(qn_stream *stream, qn_event *event);

/** The time between two events that have been recorded and have passed.
 *  @param start         the earlier event.
 *  @param end           the later one, of the same device.
 *  @param milliseconds  receives the time, to about half a microsecond.
 *  @return QN_ERROR_DRIVER if one was not recorded or has not passed. */
QN_API qn_status qn_event_elapsed(qn_event *start, qn_event *end, float *milliseconds);

/** Where a buffer is. */
typedef enum qn_memory QN_ENUM {
    /** Memory of the GPU. */
    QN_MEMORY_DEVICE = 0,
    /** Memory of the host that is pinned: the GPU copies from and to it at full speed and while other work goes on. */
    QN_MEMORY_HOST = 1
} qn_memory;

/** Memory that the library allocated. Opaque. */
typedef struct qn_buffer qn_buffer;

/** Allocates memory.
 *  @param device  an open CUDA device.
 *  @param memory  where.
 *  @param size    bytes; QN_ERROR_SIZE for 0.
 *  @param buffer  receives the buffer; close it with qn_buffer_close. NULL on failure.
 *  @return QN_ERROR_OUT_OF_MEMORY, with the bytes asked for and free. */
QN_API qn_status qn_buffer_create(qn_device *device, qn_memory memory, size_t size, qn_buffer **buffer);

/** Frees memory. No queued work may use it any more: synchronize first. NULL is allowed. */
QN_API void qn_buffer_close(qn_buffer *buffer);

/** Where the buffer begins, aligned to 256 bytes at least: an address of the GPU, or for QN_MEMORY_HOST a pointer. 0
 * for NULL. */
QN_API uint64_t qn_buffer_address(const qn_buffer *buffer);

/** The bytes of a buffer. 0 for NULL. */
QN_API size_t qn_buffer_size(const qn_buffer *buffer);

/** Queues a copy from host memory to the GPU. Memory that is not pinned makes the call wait for most of it.
 *  @param stream       the stream.
 *  @param source       memory of the host; may be NULL if size is 0.
 *  @param destination  an address of the GPU.
 *  @param size         bytes. */
QN_API qn_status qn_copy_to_device(qn_stream *stream, const void *source, uint64_t destination, size_t size);

/** Queues a copy from the GPU to host memory. Memory that is not pinned makes the call wait.
 *  @param stream       the stream.
 *  @param source       an address of the GPU.
 *  @param destination  memory of the host; may be NULL if size is 0.
 *  @param size         bytes. */
QN_API qn_status qn_copy_to_host(qn_stream *stream, uint64_t source, void *destination, size_t size);

/** Queues a copy within the GPU.
 *  @param stream       the stream.
 *  @param source       an address of the GPU.
 *  @param destination  another one; the two must not overlap.
 *  @param size         bytes. */
QN_API qn_status qn_copy_on_device(qn_stream *stream, uint64_t source, uint64_t destination, size_t size);

/** Queues decoding from the GPU's memory into the GPU's memory; else as qn_dequantize.
 *  @param stream            the stream.
 *  @param format            the format of the source.
 *  @param source            the address of packed blocks; any alignment.
 *  @param source_size       bytes of source: a whole number of blocks, else QN_ERROR_SIZE.
 *  @param output            QN_FORMAT_F32, QN_FORMAT_F16 or QN_FORMAT_BF16, else QN_ERROR_UNSUPPORTED.
 *  @param destination       the address that receives the weights; aligned to 16 bytes it is fastest.
 *  @param destination_size  bytes there, as in qn_dequantize. */
QN_API qn_status qn_dequantize_async(qn_stream *stream, qn_format format, uint64_t source, size_t source_size,
                                     qn_format output, uint64_t destination, size_t destination_size);

/** Queues decoding of a packed matrix from the GPU's memory into the GPU's memory; else as qn_dequantize_matrix.
 *  @param stream            the stream.
 *  @param matrix            the matrix; its pointers are addresses of the GPU. They are fastest as multiples of 16. The
 *                           group_index is not read here: call qn_matrix_check with the arrays on the host first, and
 *                           leave it out if it is all zeros. A number out of range loses the device.
 *  @param order             as in qn_dequantize_matrix; so are first, count and output.
 *  @param first             the first row (or column) to decode.
 *  @param count             how many.
 *  @param output            QN_FORMAT_F32, QN_FORMAT_F16 or QN_FORMAT_BF16, else QN_ERROR_UNSUPPORTED.
 *  @param destination       the address that receives them; aligned to 16 bytes it is fastest.
 *  @param destination_size  bytes there, as in qn_dequantize_matrix. */
QN_API qn_status qn_dequantize_matrix_async(qn_stream *stream, const qn_matrix *matrix, qn_order order, uint64_t first,
                                            uint64_t count, qn_format output, uint64_t destination,
                                            size_t destination_size);

/** Queues decoding of rows from the GPU's memory into the GPU's memory; else as qn_dequantize_rows. Neighbouring
 * numbers of neighbouring rows cost one start of a kernel together.
 *  @param stream            the stream.
 *  @param format            the format of the source.
 *  @param source            the address of the packed matrix.
 *  @param source_size       bytes of source: a whole number of rows, else QN_ERROR_SIZE.
 *  @param values_per_row    weights of a row: a whole number of blocks and not 0, else QN_ERROR_SIZE.
 *  @param rows              the numbers of the rows, in host memory; read before the call returns.
 *  @param row_count         how many numbers rows has.
 *  @param output            as in qn_dequantize.
 *  @param destination       the address that receives row_count rows, behind each other.
 *  @param destination_size  bytes there, as in qn_dequantize. */
QN_API qn_status qn_dequantize_rows_async(qn_stream *stream, qn_format format, uint64_t source, size_t source_size,
                                          uint64_t values_per_row, const uint64_t *rows, size_t row_count,
                                          qn_format output, uint64_t destination, size_t destination_size);

/** Decodes from host memory into the GPU's memory, chunk by chunk through pinned memory
 * (qn_device_options.memory_limit), the way to load a model. Returns when all is done. One such call is at work on a
 * device at a time, others wait.
 *  @param device            an open CUDA device.
 *  @param format            the format of the source.
 *  @param source            packed blocks in host memory, such as a mapped file.
 *  @param source_size       bytes of source: a whole number of blocks, else QN_ERROR_SIZE.
 *  @param output            as in qn_dequantize.
 *  @param destination       the address on the GPU that receives the weights.
 *  @param destination_size  bytes there, as in qn_dequantize.
 *  @return as qn_dequantize. */
QN_API qn_status qn_dequantize_to_device(qn_device *device, qn_format format, const void *source, size_t source_size,
                                         qn_format output, uint64_t destination, size_t destination_size);

/** Queues encoding of rows from the GPU's memory into the GPU's memory; else as qn_quantize.
 *  @param stream            the stream.
 *  @param input             the format of the source: QN_FORMAT_F32, QN_FORMAT_F16 or QN_FORMAT_BF16, else
 *                           QN_ERROR_UNSUPPORTED.
 *  @param source            the address of the numbers, rows behind each other; as a multiple of 16 it is fastest.
 *  @param source_size       bytes of source: a whole number of rows, else QN_ERROR_SIZE.
 *  @param values_per_row    numbers of a row: a whole number of blocks of the format and not 0, else QN_ERROR_SIZE.
 *  @param importance        the address of a float32 for each column, a multiple of 4, or 0. Its numbers are not
 *                           checked: they must be finite, not negative and not all 0.
 *  @param first_nonfinite   the address of a uint64_t, a multiple of 8, or 0. It becomes the place of the first number
 *                           that is NaN or infinite, row * values_per_row + column, if that is less than what it was:
 *                           set it to UINT64_MAX before. Such numbers are encoded as with QN_QUANTIZE_ALLOW_NONFINITE.
 *  @param format            the format of the result. QN_ERROR_UNSUPPORTED if GPUs have no encoder for it (see
 *                           qn_device_capability).
 *  @param destination       the address that receives the packed rows; as a multiple of 16 it is fastest.
 *  @param destination_size  bytes there, as in qn_quantize. */
QN_API qn_status qn_quantize_async(qn_stream *stream, qn_format input, uint64_t source, size_t source_size,
                                   uint64_t values_per_row, uint64_t importance, uint64_t first_nonfinite,
                                   qn_format format, uint64_t destination, size_t destination_size);

#ifdef __cplusplus
}
#endif

#endif /* QUANTNET_H */
