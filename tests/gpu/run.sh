#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Tests and measures the library on every GPU of this machine, from a kit that `./build.sh gpu-kit` made (docs/cuda.md):
#
#   tests/gpu/run.sh [--bench] [--kit FOLDER]
#
# In a kit, run.sh is that kit's. In the repository, it refuses a kit of other sources. What this machine lacks (a GPU, ptxas,
# nvcc, compute-sanitizer) is skipped by name. The last line is "N passed, N failed, N skipped"; the exit code is 1 if anything
# failed, 3 if there is no GPU, 2 for a wrong command line. Results are kept in gpu-results below the current folder.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
kit=$here
root=
if [[ -e $here/tree-hash.sh ]]; then
  root=$(readlink -f "$here/../..")
  kit=$root/artifacts/gpu-kit
fi
bench=0
while (($# > 0)); do
  case $1 in
    --bench) bench=1 ;;
    --kit)
      kit=${2:?"--kit needs a folder"}
      shift
      ;;
    *)
      echo "run.sh: unknown option '$1'; there are --bench and --kit FOLDER" >&2
      exit 2
      ;;
  esac
  shift
done

have() { command -v "$1" >/dev/null; }
refuse() {
  echo "run.sh: $1" >&2
  exit 2
}
[[ -e $kit/TREE ]] || refuse "$kit is no kit; ./build.sh gpu-kit makes one"
kit=$(readlink -f "$kit")
(cd "$kit" && sha256sum --quiet --strict -c SHA256SUMS >/dev/null 2>&1) || refuse "$kit is not as it was made: files differ from SHA256SUMS"
if [[ $root ]]; then
  tree=$("$here/tree-hash.sh")
  [[ $tree == "$(<"$kit/TREE")" ]] || refuse "the kit is of tree $(cut -c1-12 "$kit/TREE"), these sources are ${tree:0:12}; ./build.sh gpu-kit makes it anew"
fi

results=$PWD/gpu-results
rm -rf "$results"
mkdir -p "$results"
export QN_VECTORS=$kit/vectors LD_LIBRARY_PATH=${LD_LIBRARY_PATH-}
rows=()
passed=0 failed=0 skipped=0

count() { # what, passed, failed, skipped, remark
  rows+=("$(printf '%-46s %7d %7d %7d  %s' "$1" "$2" "$3" "$4" "$5")")
  echo "${rows[-1]}"
  passed=$((passed + $2)) failed=$((failed + $3)) skipped=$((skipped + $4))
}
skip() { # what, reason
  count "$1" 0 0 1 "$2"
}

# A run of a GoogleTest program. A program that ends before its last test has failed.
tested() { # what, log, command...
  local what=$1 log=$results/$2.log code=0 ok bad left images
  shift 2
  "$@" >"$log" 2>&1 || code=$?
  ok=$(grep -c '^\[       OK \]' "$log" || true)
  bad=$(grep -cE '^\[  FAILED  \] .*ms\)$' "$log" || true)
  left=$(grep -cE '^\[  SKIPPED \] .*ms\)$' "$log" || true)
  if ((code != 0 && bad == 0)) || ((ok + bad + left == 0)); then bad=1; fi
  images=$(sed -nE 's:^image ([^/]*)/.*:\1:p' "$log" | sort | uniq -c | awk '{printf "%s%s (%d results)", (NR > 1 ? ", " : ""), $2, $1}')
  [[ $images || $left == 0 ]] || images=$(grep -m1 -oE 'cuda:[0-9]+ cannot be had.*|needed are .*' "$log" || true)
  count "$what" "$ok" "$bad" "$left" "$images"
  if ((bad > 0)); then tail -n 20 "$log"; fi
}

# A command that is one test.
ran() { # what, log, command...
  local what=$1 log=$results/$2.log
  shift 2
  if "$@" >"$log" 2>&1; then count "$what" 1 0 0 ""; else
    count "$what" 0 1 0 "$log"
    tail -n 20 "$log"
  fi
}

suite() { # GPU, name of the images, folder of the library, tests to leave out; the rest goes before the program
  local gpu=$1 images=$2 library=$3 without=$4
  shift 4
  local at=(env QN_GPU="$gpu" LD_LIBRARY_PATH="$library:$LD_LIBRARY_PATH" "$@" "$kit/gpu-tests")
  tested "$gpu, $images: bits" "${gpu/:/}-${images// /-}" "${at[@]}" --gtest_filter="-$without"
}

# In a process of its own; and what is no fault, though compute-sanitizer takes it for one: memory that was never written, and a
# call that fails because it must.
lost='GpuLost.*'
unsanitized='GpuWork.GoesBeyondFourGigabytes:GpuWork.ThatNeedsTooMuchMemorySaysHowMuch'

# Decodes a model on the GPU and on the CPU: the same bytes.
same_model() { # model, extension of what is made of it, GPU
  local type
  for type in f32 f16 bf16; do
    "$kit/quantnet" dequantize "$kit/$1" -o "$results/cpu.$2" --type "$type" --device cpu --force
    "$kit/quantnet" dequantize "$kit/$1" -o "$results/gpu.$2" --type "$type" --device "$3" --gpu-memory 1MiB --force
    cmp "$results/cpu.$2" "$results/gpu.$2"
  done
  rm -f "$results"/{cpu,gpu}."$2"
}

# The .NET library's own tests of packed matrices between addresses of the GPU, with the kit's native library.
dotnet_tests() { # GPU
  mkdir -p "$root/artifacts/native/lib" &&
    cp "$kit/libquantnet.so" "$root/artifacts/native/lib/" &&
    QN_GPU="$1" dotnet test -c Release --no-restore "$root/tests/Quant.Net.Cuda.Tests"
}

# ptxas, for each PTX and the architecture of each GPU.
assemble() {
  local image architecture=${1/./}
  for image in "$kit"/images/*.ptx.gz; do
    gunzip -c "$image" >"$results/image.ptx"
    ptxas -arch="sm_$architecture" -v -o /dev/null "$results/image.ptx" || return 1
  done
}

# The library anew, with machine code by nvcc.
nvcc_library() {
  cmake -S "$root/native" -B "$root/artifacts/cmake/gpu-nvcc" -DCMAKE_BUILD_TYPE=Release -DQUANTNET_CUDA=ON
  cmake --build "$root/artifacts/cmake/gpu-nvcc" -j "$(nproc)"
}

gpus=$("$kit/gpu-bench" --list 2>"$results/refusal.txt" | cut -f1) || true
echo "kit of tree $(cut -c1-12 "$kit/TREE"), $(uname -sr)"
if [[ ! $gpus ]]; then
  echo "NO GPU: $(<"$results/refusal.txt")"
  tested "every test" no-gpu "$kit/gpu-tests"
  sed -nE 's/^\[  SKIPPED \] (.*) \(.*ms\)$/  skipped \1/p' "$results/no-gpu.log"
  for what in doctor dequantize ptxas "nvcc's images" memcheck racecheck initcheck; do skip "$what" "no GPU"; done
else
  "$kit/gpu-bench" --list | while IFS=$'\t' read -r gpu description; do echo "$gpu: $description"; done
  if "$kit/gpu-bench" --list | grep $'\tFake GPU' >/dev/null; then
    echo "EMULATED: this driver is the tests' own; what follows says nothing about hardware"
  fi
fi

for gpu in $gpus; do
  capability=$("$kit/gpu-bench" --list | sed -nE "s/^$gpu\t.*compute capability ([0-9]+\.[0-9]+).*/\1/p")
  suite "$gpu" "the kit's images" "$kit" "$lost"
  tested "$gpu: is lost in order" "${gpu/:/}-lost" env QN_GPU="$gpu" "$kit/gpu-tests" --gtest_filter="$lost"
  ran "$gpu: quantnet doctor" "${gpu/:/}-doctor" "$kit/quantnet" doctor --device "$gpu"
  ran "$gpu: quantnet dequantize, the CPU's bytes" "${gpu/:/}-model" same_model model.gguf gguf "$gpu"
  ran "$gpu: quantnet dequantize, GPTQ, the CPU's bytes" "${gpu/:/}-gptq" same_model gptq safetensors "$gpu"

  if have dotnet && [[ $root ]] && dotnet restore "$root/tests/Quant.Net.Cuda.Tests" >"$results/restore.log" 2>&1; then
    ran "$gpu: packed matrices by .NET" "${gpu/:/}-dotnet" dotnet_tests "$gpu"
  else
    skip "$gpu: packed matrices by .NET" "dotnet, its packages and the sources are not all here"
  fi
  if have ptxas; then
    ran "$gpu: ptxas for $capability" "${gpu/:/}-ptxas" assemble "$capability"
  else
    skip "$gpu: ptxas" "there is none"
  fi
  if have nvcc && have cmake && [[ $root ]]; then
    ran "nvcc's library" nvcc nvcc_library
    suite "$gpu" "nvcc's images" "$root/artifacts/cmake/gpu-nvcc" "$lost"
  else
    skip "$gpu, nvcc's images" "nvcc, cmake and the sources are not all here"
  fi
  for tool in memcheck racecheck initcheck; do
    if have compute-sanitizer; then
      QN_TEST_SHORT=1 suite "$gpu" "$tool" "$kit" "$lost:$unsanitized" compute-sanitizer --tool "$tool" --error-exitcode 1
    else
      skip "$gpu, compute-sanitizer $tool" "there is no compute-sanitizer"
    fi
  done
  if ((bench)); then
    # Without the driver's cache, the first decode of a format compiles it.
    ran "$gpu: benchmark" "${gpu/:/}-bench" env QN_GPU="$gpu" CUDA_CACHE_DISABLE=1 \
      "$kit/gpu-bench" "$results/${gpu/:/}.json" "$results/${gpu/:/}.md" ${QN_BENCH_WEIGHTS-}
    [[ ! -e $results/${gpu/:/}.md ]] || cat "$results/${gpu/:/}.md"
    ran "$gpu: loading a model, and starting from .NET" "${gpu/:/}-load" env TMPDIR="$results" \
      "$kit/quantnet" bench --device "$gpu" --format Q4_K --to f16 --load ${QN_BENCH_WEIGHTS:+--size $((QN_BENCH_WEIGHTS * 4))}
    cat "$results/${gpu/:/}-load.log"
  fi
done

echo
printf '%-46s %7s %7s %7s  %s\n' step passed failed skipped "image, or why not"
printf '%s\n' "${rows[@]}"
echo
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0)) || exit 1
[[ $gpus ]] || exit 3
