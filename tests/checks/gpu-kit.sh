#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The kit for machines with a GPU: it is made and run here, without a GPU and by the driver of the native tests that needs none.
source "$(dirname "$0")/support/common.sh"

fake=$PWD/artifacts/cmake/release/tests/fake_cuda
if [[ ! -e $fake/libcuda.so.1 || ! -e artifacts/cmake/release/images/Q4_K.sm_75.ptx ]]; then
  skip "GPU kit" "the fake driver is not built, or the library has no CUDA kernels"
  exit
fi

silent() { "$@" >"$temp/said" 2>&1 || cat "$temp/said"; }
clean "GPU kit, it is made" silent tests/gpu/make-kit.sh
repository=$PWD

# ends EXIT-CODE LAST-LINE [NAME=VALUE...] COMMAND...: how a run of the script ends.
ends() {
  local code=0 said expected=$1 last=$2
  shift 2
  said=$(cd "$temp" && env "$@" 2>&1) || code=$?
  [[ $code == "$expected" && $(tail -n 1 <<<"$said") =~ $last ]] || echo "exit code $code: $(tail -n 5 <<<"$said")"
}
on_fake=("LD_LIBRARY_PATH=$fake" QN_TEST_SHORT=1 QN_BENCH_WEIGHTS=65536)

clean "GPU kit, no GPU: all is skipped" ends 3 '^0 passed, 0 failed, [0-9]{3} skipped$' "$repository/tests/gpu/run.sh"
clean "GPU kit, emulated" ends 0 '^5[0-9]{2} passed, 0 failed, [0-9] skipped$' \
  "${on_fake[@]}" FAKE_CUDA=kernels=scalar "$repository/tests/gpu/run.sh" --bench
clean "GPU kit, a GPU that fails" ends 1 ' [1-9][0-9]* failed, ' \
  "${on_fake[@]}" "FAKE_CUDA=kernels=scalar fault=50:719" "$repository/tests/gpu/run.sh"
clean "GPU kit, a wrong option" ends 2 "unknown option '--fast'" "$repository/tests/gpu/run.sh" --fast

cp -r artifacts/gpu-kit "$temp/kit"
echo "0123456789abcdef" >"$temp/kit/TREE"
clean "GPU kit, a changed one is refused" ends 2 "differ from SHA256SUMS" "$repository/tests/gpu/run.sh" --kit "$temp/kit"
(cd "$temp/kit" && sed -i '/TREE$/d' SHA256SUMS)
clean "GPU kit, one of other sources is refused" ends 2 "the kit is of tree 0123456789ab" "$repository/tests/gpu/run.sh" --kit "$temp/kit"
