# SPDX-License-Identifier: MIT
#
# Compiles the kernels for GPUs and puts them into the library: PTX by clang, which needs no CUDA toolkit, and machine code too
# where there is nvcc. QUANTNET_CUDA says whether: ON (an error if it cannot be), OFF, or AUTO (if there is a clang).
set(QUANTNET_CUDA AUTO CACHE STRING "Kernels for GPUs in the library: AUTO, ON or OFF")
set_property(CACHE QUANTNET_CUDA PROPERTY STRINGS AUTO ON OFF)
set(oldest_clang 16)
# Turing is the oldest that the kernels are made for. From 8.0 on, one instruction rounds two weights to f16 or bf16. Nothing
# that is newer would help: the driver compiles PTX for the GPU at hand.
set(ptx_targets 75 80)
set(ptx_language_75 ptx63)
set(ptx_language_80 ptx70)
set(machine_targets 75 80 86 89 90)

set(cuda_directory ${CMAKE_CURRENT_SOURCE_DIR}/cuda)
set(images_directory ${CMAKE_CURRENT_BINARY_DIR}/images)

# Sets QUANTNET_CUDA_CLANG to the newest clang++ that compiles for GPUs, and `reason` to why there is none.
function(quantnet_find_cuda_clang)
  set(names)
  foreach(version RANGE 40 ${oldest_clang} -1)
    list(APPEND names clang++-${version})
  endforeach()
  find_program(QUANTNET_CUDA_CLANG NAMES ${names} clang++ DOC "The clang++ that compiles kernels for GPUs")
  if(NOT QUANTNET_CUDA_CLANG)
    set(reason "no clang++ of version ${oldest_clang} or later was found" PARENT_SCOPE)
    return()
  endif()
  file(WRITE ${images_directory}/try.cu "extern \"C\" __attribute__((global)) void k() {}\n")
  execute_process(COMMAND ${QUANTNET_CUDA_CLANG} ${clang_flags} --cuda-gpu-arch=sm_80 --cuda-feature=+ptx70
    -o ${images_directory}/try.ptx ${images_directory}/try.cu
    RESULT_VARIABLE result OUTPUT_QUIET ERROR_VARIABLE said)
  if(NOT result EQUAL 0)
    string(REGEX REPLACE "\n.*" "" said "${said}")
    set(reason "${QUANTNET_CUDA_CLANG} does not compile for GPUs: ${said}" PARENT_SCOPE)
  endif()
endfunction()

set(clang_flags -x cuda --cuda-device-only -nocudainc -nocudalib -S -O3 -std=c++17 -ffp-contract=off)
set(reason "")
if(NOT QUANTNET_CUDA)
  set(reason "QUANTNET_CUDA is OFF")
elseif(APPLE)
  set(reason "macOS has no CUDA driver")
else()
  quantnet_find_cuda_clang()
endif()

if(reason AND QUANTNET_CUDA AND NOT QUANTNET_CUDA STREQUAL "AUTO")
  message(FATAL_ERROR "QUANTNET_CUDA is ${QUANTNET_CUDA}, but ${reason}")
endif()
if(reason)
  message(STATUS "Kernels for GPUs: none (${reason})")
  target_sources(quantnet PRIVATE cuda/no_images.cpp)
  return()
endif()

# The names in a list of a header, from which everything else comes too.
function(quantnet_names header list result)
  file(READ ${header} names)
  string(REGEX REPLACE ".*#define ${list}\\(X\\)([^/]*)/.*" "\\1" names "${names}")
  string(REGEX MATCHALL "X\\([A-Z0-9_]+" names "${names}")
  list(TRANSFORM names REPLACE "X\\(" "")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${header})
  set(${result} ${names} PARENT_SCOPE)
endfunction()
quantnet_names(formats/formats.h QN_FORMATS formats)
quantnet_names(formats/matrices.h QN_MATRICES layouts)
quantnet_names(formats/matrices.h QN_INDEXED_MATRICES indexed_layouts)
quantnet_names(cuda/encoders.h QN_GPU_ENCODERS encoders)

set(embedded "")      # the assembler's text
set(declarations "")  # the table's
set(rows "")
set(images "")
macro(quantnet_image format target is_ptx file)
  set(symbol qn_image_${format}_${target}_${is_ptx})
  string(APPEND embedded "IMAGE ${symbol}, \"${file}\"\n")
  string(APPEND declarations "extern \"C\" const char ${symbol}[];\n")
  string(APPEND rows "    {\"${format}\", ${target}, ${is_ptx}, ${symbol}},\n")
  list(APPEND images ${file})
endmacro()

find_program(QUANTNET_NVCC nvcc DOC "The CUDA compiler, for machine code beside the PTX; not needed")
# The PTX of a subject for a target: of `source`, compiled with `macros`.
macro(quantnet_ptx subject target source macros)
  set(file ${images_directory}/${subject}.sm_${target}.ptx)
  add_custom_command(OUTPUT ${file}
    COMMAND ${QUANTNET_CUDA_CLANG} ${clang_flags} --cuda-gpu-arch=sm_${target} --cuda-feature=+${ptx_language_${target}}
      -Wall -Wextra $<$<BOOL:${QUANTNET_DEVELOPER}>:-Werror> ${macros} -MD -MF ${file}.d -MT ${file}
      -o ${file} ${cuda_directory}/${source}
    DEPENDS ${cuda_directory}/${source} DEPFILE ${file}.d
    COMMENT "Compiling ${subject} for GPUs from sm_${target} on" VERBATIM)
  quantnet_image(${subject} ${target} true ${file})
endmacro()
# All images of a format or a layout.
macro(quantnet_images format source macros)
  foreach(target IN LISTS ptx_targets)
    quantnet_ptx(${format} ${target} ${source} "${macros}")
  endforeach()
  if(QUANTNET_NVCC)
    foreach(target IN LISTS machine_targets)
      set(file ${images_directory}/${format}.sm_${target}.cubin)
      add_custom_command(OUTPUT ${file}
        COMMAND ${QUANTNET_NVCC} -cubin -arch=sm_${target} -O3 -std=c++17 -fmad=false ${macros}
          -MD -MF ${file}.d -MT ${file} -o ${file} ${cuda_directory}/${source}
        DEPENDS ${cuda_directory}/${source} DEPFILE ${file}.d
        COMMENT "Compiling ${format} for GPUs of sm_${target}" VERBATIM)
      quantnet_image(${format} ${target} false ${file})
    endforeach()
  endif()
endmacro()
foreach(format IN LISTS formats)
  quantnet_images(${format} dequantize.cu -DQN_CUDA_FORMAT=${format})
endforeach()
foreach(layout IN LISTS layouts)
  set(macros -DQN_CUDA_LAYOUT=${layout})
  if(layout IN_LIST indexed_layouts)
    list(APPEND macros -DQN_CUDA_INDEXED)
  endif()
  quantnet_images(${layout} matrix.cu "${macros}")
endforeach()
# Encoders: PTX for the oldest target alone, since later ones have nothing that they need, and no machine code, since nvcc does
# not know the vectors of formats/encode/fit.h. Loops over the numbers of a thread are unrolled, and what they call is inlined,
# so that arrays become registers; pairs of bytes would be made vectors that go through memory.
set(encoder_flags -mllvm -unroll-threshold=1000 -mllvm -inline-threshold=1000 -fno-slp-vectorize)
foreach(format IN LISTS encoders)
  quantnet_ptx(quantize_${format} 75 quantize.cu "-DQN_CUDA_FORMAT=${format};${encoder_flags}")
endforeach()

configure_file(${cuda_directory}/images.cpp.in ${images_directory}/images.cpp @ONLY)
target_sources(quantnet PRIVATE ${images_directory}/images.cpp)
target_include_directories(quantnet PRIVATE ${cuda_directory})
if(MSVC)
  # Its assembler takes no files; a program writes their bytes as text.
  set(text ${images_directory}/image_bytes.c)
  string(REPLACE ";" "|" image_list "${images}")
  add_custom_command(OUTPUT ${text}
    COMMAND ${CMAKE_COMMAND} -DIMAGES=${image_list} -DOUTPUT=${text} -P ${CMAKE_CURRENT_LIST_DIR}/ImageBytes.cmake
    DEPENDS ${images} ${CMAKE_CURRENT_LIST_DIR}/ImageBytes.cmake VERBATIM)
  target_sources(quantnet PRIVATE ${text})
else()
  enable_language(ASM)
  set(assembly ${images_directory}/image_bytes.S)
  configure_file(${cuda_directory}/image_bytes.S.in ${assembly} @ONLY)
  target_sources(quantnet PRIVATE ${assembly})
  set_source_files_properties(${assembly} PROPERTIES OBJECT_DEPENDS "${images}")
endif()
message(STATUS "Kernels for GPUs: PTX by ${QUANTNET_CUDA_CLANG}")
