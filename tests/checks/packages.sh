#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What `./build.sh pack` makes can be used by somebody who has nothing else of this repository, in a folder with spaces and other
# letters: the package by a new program (built, and published trimmed), the tool installed and as one file, the C archive. Without
# the native library, or with one of another version, they say in one line what they looked for and where.
source "$(dirname "$0")/support/common.sh"
source scripts/dotnet.sh

model=$PWD/samples/models/wide-Q4_K_M.gguf
tensor=blk.0.attn_q.weight
version=$(sed -n 's:.*<VersionPrefix>\(.*\)</VersionPrefix>.*:\1:p' Directory.Build.props)
place="$temp/Größe mit Leerzeichen"
packages=artifacts/packages
mkdir -p "$place"

# runs NAME COMMAND...: the command must succeed; what it printed is the reason if it does not.
runs() {
  local name=$1
  shift
  if "$@" >"$temp/output" 2>&1; then ok "$name"; else fail "$name" "$(grep -m5 -E 'error|rror:' "$temp/output" || tail -n 5 "$temp/output")"; fi
}

# same NAME FILE FILE
same() { if cmp -s "$2" "$3"; then ok "$1"; else fail "$1" "$(cmp "$2" "$3" 2>&1)"; fi }

# says NAME TEXTS -- COMMAND...: the command must fail with one line that has all of these texts.
says() {
  local name=$1 code=0 said texts=() text
  shift
  while [[ $1 != -- ]]; do texts+=("$1") && shift; done
  shift
  said=$("$@" 2>&1) || code=$?
  if ((code != 1)); then fail "$name" "exit code $code, expected 1: $said" && return; fi
  if [[ $(wc -l <<<"$said") != 1 ]]; then fail "$name" "more than one line: $said" && return; fi
  for text in "${texts[@]}"; do
    if [[ $said != *"$text"* ]]; then fail "$name" "no '$text' in: $said" && return; fi
  done
  ok "$name"
}

# without_library NAME FILE COMMAND...: what the command says when its native library is gone, or is another one.
without_library() {
  local name=$1 file=$2
  shift 2
  mv "$file" "$temp/kept.so"
  says "$name, the native library is missing" "was not found" "$file" QUANTNET_LIBRARY -- "$@"
  other_version "$name" "$file" "$@"
  mv "$temp/kept.so" "$file"
}

other_version() { # name, file, command...
  cp "$temp/other-abi.so" "$2"
  says "$1, the native library has another version" "$2: found interface version 2, expected 1" -- "${@:3}"
}

gcc -shared -fPIC -Inative/include -o "$temp/other-abi.so" tests/checks/support/other-abi.c
artifacts/quantnet dequantize "$model" --tensor "$tensor" --type f32 -o "$temp/expected.safetensors" --quiet
tail -c $((4 * 256 * 256)) "$temp/expected.safetensors" >"$temp/expected"

runs "pack" scripts/pack.sh
found=$(cd "$packages" && ls | tr '\n' ' ')
expected="Quant.Net.$version.nupkg Quant.Net.$version.snupkg Quant.Net.Tool.$version.nupkg Quant.Net.Tool.$version.snupkg \
SHA256SUMS libquantnet-$version-linux-x64.tar.gz quantnet-$version-linux-x64 "
if [[ $(LC_ALL=C sort <<<"${found// /$'\n'}") == $(LC_ALL=C sort <<<"${expected// /$'\n'}") ]]; then
  ok "pack, files"
else
  fail "pack, files" "found $found, expected $expected"
fi
runs "pack, sums" bash -c "cd '$packages' && sha256sum --check --strict SHA256SUMS"

# Packages come from artifacts/packages; whatever else .NET needs for publishing, from what building and packing has restored, but
# for older packages of ours.
cat >"$place/nuget.config" <<TEXT
<configuration>
  <packageSources>
    <clear />
    <add key="local" value="$PWD/$packages" />
  </packageSources>
</configuration>
TEXT
restored=${NUGET_PACKAGES:-$HOME/.nuget/packages}
mkdir "$temp/restored"
for package in "$restored"/*; do
  [[ $(basename "$package") == quant.net* ]] || ln -s "$package" "$temp/restored/"
done
from_packages=(-p:QuantNetVersion="$version" -p:RestorePackagesPath="$place/packages" -p:RestoreFallbackFolders="$temp/restored")

# The package
cp -r tests/checks/support/consumer "$place/consumer"
runs "package, a program is built" dotnet_release build "$place/consumer" "${from_packages[@]}"
package=$place/packages/quant.net/$version
for file in README.md LICENSE lib/{net8.0,net10.0}/Quant.Net.{dll,xml} runtimes/linux-x64/native/libquantnet.so; do
  if [[ -s $package/$file ]]; then ok "package, has $file"; else fail "package, has $file" "it is missing or empty"; fi
done
names_here() { grep -lF "$PWD" "$package"/lib/*/Quant.Net.dll artifacts/tool/*.pdb || true; }
clean "package, does not tell the folder it was built in" names_here
for framework in net8.0 net10.0; do
  program=$place/consumer/bin/Release/$framework/consumer
  consumer() { DOTNET_ROLL_FORWARD=Major dotnet "$program.dll" "$model" "$tensor" "$temp/weights"; }
  rm -f "$temp/weights"
  runs "package, a program for $framework decodes a tensor" consumer
  same "package, its weights for $framework" "$temp/weights" "$temp/expected"
  without_library "package, $framework" "$(dirname "$program")/runtimes/linux-x64/native/libquantnet.so" consumer
done
# Restored for its other framework, too, it would ask for that one's runtime, which nothing here has restored.
runs "package, a trimmed program is published" dotnet_release publish "$place/consumer" -f net10.0 -r linux-x64 --self-contained \
  -p:TargetFrameworks=net10.0 -p:PublishTrimmed=true -o "$place/trimmed" "${from_packages[@]}"
rm -f "$temp/weights"
runs "package, the trimmed program decodes a tensor" "$place/trimmed/consumer" "$model" "$tensor" "$temp/weights"
same "package, its weights when trimmed" "$temp/weights" "$temp/expected"
without_library "package, trimmed" "$place/trimmed/libquantnet.so" "$place/trimmed/consumer" "$model" "$tensor" "$temp/weights"

# The tool. Both ways of having it must say what the built one says.
tool_works() { # name, command...
  local name=$1
  shift
  runs "$name, doctor" "$@" doctor --quiet
  "$@" inspect "$model" --json >"$temp/inspected" 2>&1 || true
  same "$name, inspect" "$temp/inspected" "$temp/inspected-expected"
  rm -f "$temp/decoded.safetensors"
  runs "$name, dequantize" "$@" dequantize "$model" --tensor "$tensor" --type f32 -o "$temp/decoded.safetensors" --quiet
  same "$name, decoded" "$temp/decoded.safetensors" "$temp/expected.safetensors"
}
artifacts/quantnet inspect "$model" --json >"$temp/inspected-expected"
runs "tool, is installed" dotnet tool install Quant.Net.Tool --version "$version" --tool-path "$place/tools" \
  --configfile "$place/nuget.config"
tool=$place/tools/quantnet
if [[ -z ${DOTNET_ROOT-} ]]; then
  # The installed command looks for .NET only in its usual places.
  DOTNET_ROOT=$(dirname "$(readlink -f "$(command -v dotnet)")")
  export DOTNET_ROOT
fi
tool_works "tool" "$tool"
without_library "tool" "$place/tools/.store/quant.net.tool/$version/quant.net.tool/$version/tools/net10.0/any/libquantnet.so" \
  "$tool" doctor

# The tool as one file, on a machine without .NET.
cp "$packages/quantnet-$version-linux-x64" "$place/quantnet"
mkdir "$place/unpacked"
alone() { env -i PATH=/usr/bin:/bin DOTNET_BUNDLE_EXTRACT_BASE_DIR="$place/unpacked" "$@"; }
tool_works "one file" alone "$place/quantnet"
unpacked=$(find "$place/unpacked" -name libquantnet.so)
rm "$unpacked"
runs "one file, unpacks a missing library again" alone "$place/quantnet" doctor --quiet
rm "$unpacked"
other_version "one file" "$unpacked" alone "$place/quantnet" doctor

# The archive
tar -C "$place" -xzf "$packages/libquantnet-$version-linux-x64.tar.gz"
archive=$place/libquantnet-$version-linux-x64
runs "archive, a C program is built" gcc -std=c99 -Wall -Wextra -Werror -I"$archive/include" -o "$place/one-block" \
  tests/checks/support/one-block.c -L"$archive/lib" -lquantnet -Wl,-rpath,"$archive/lib"
runs "archive, the C program decodes a block" "$place/one-block"
if [[ -s $archive/LICENSE ]]; then ok "archive, license"; else fail "archive, license" "there is none"; fi
