# SPDX-License-Identifier: MIT
#
# Sourced by build.sh and pack.sh: how they call dotnet.
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

# Build servers that outlive the build would keep files of this folder open.
dotnet_release() {
  local word=$1
  shift
  dotnet "$word" "$@" -c Release -nologo -v quiet -nodereuse:false -p:UseSharedCompilation=false
}
