# SPDX-License-Identifier: MIT
#
# The words of build.sh for Windows, with the CMake and the compiler of Visual Studio 2022 or newer and the .NET SDK 10.
# It was written without a Windows machine at hand and HAS NOT BEEN RUN. What is missing against build.sh: it installs nothing,
# and the checks of tests/checks, which look at ELF files, stay on Linux.
param([string]$Word = 'help', [Parameter(ValueFromRemainingArguments)][string[]]$Options = @())

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
Set-Location $PSScriptRoot
$env:DOTNET_CLI_TELEMETRY_OPTOUT = '1'
$env:DOTNET_NOLOGO = '1'

$usage = @'
usage: .\build.ps1 WORD [OPTION...]

  setup      say which tools are missing (nothing is installed)
  native     build the native library: artifacts\native\{include,bin,lib}; with kernels for GPUs if there is a clang to compile
             them, or as the environment variable QUANTNET_CUDA=ON|OFF says
  build      native, then the .NET library and the command line: artifacts\quantnet.cmd runs it
  demo       inspect and decode the two sample models
  test       run the native tests and the .NET tests for each instruction set
  bench      measure everything and write benchmarks\results; [--peer [NAME=]PATH] compares with a ggml library
  fuzz       on Linux only
  reference  write docs\reference\*.md anew from the header and the XML documentation
  gpu-kit    on Linux only
  bindings   write src\Quant.Net\Native\*.g.cs anew from native\include\quantnet.h
  pack       make the NuGet packages: artifacts\packages
  clean      remove everything that was built
  help       this text
'@

function Invoke-Checked([string]$Program, [string[]]$Arguments) {
    & $Program @Arguments
    if ($LASTEXITCODE -ne 0) { throw "$Program ended with exit code $LASTEXITCODE" }
}

function Invoke-DotNet([string[]]$Arguments) {
    Invoke-Checked 'dotnet' ($Arguments + @('-c', 'Release', '-nologo', '-v', 'quiet', '-nodereuse:false'))
}

# Puts the CMake, Ninja and compiler of Visual Studio on the PATH of this process, unless a compiler is there already.
function Enter-VisualStudio {
    if (Get-Command cl.exe -ErrorAction SilentlyContinue) { return }
    $vswhere = Join-Path ${env:ProgramFiles(x86)} 'Microsoft Visual Studio\Installer\vswhere.exe'
    $path = if (Test-Path $vswhere) {
        & $vswhere -latest -products '*' -requires Microsoft.VisualStudio.Component.VC.Tools.x86.x64 -property installationPath
    }
    if (-not $path) { throw 'Visual Studio with "Desktop development with C++" is needed: https://visualstudio.microsoft.com' }
    Import-Module (Join-Path $path 'Common7\Tools\Microsoft.VisualStudio.DevShell.dll')
    Enter-VsDevShell -VsInstallPath $path -SkipAutomaticLocation -DevCmdArguments '-arch=x64 -host_arch=x64' | Out-Null
}

function Test-Setup {
    Enter-VisualStudio
    foreach ($tool in 'cmake', 'ninja', 'dotnet') {
        if (-not (Get-Command $tool -ErrorAction SilentlyContinue)) { throw "$tool is not on the PATH" }
    }
}

function Build-Preset([string]$Preset, [string[]]$Settings = @()) {
    Push-Location native # CMake looks for presets in the current directory
    try {
        Invoke-Checked 'cmake' (@('--preset', $Preset) + $Settings)
        Invoke-Checked 'cmake' @('--build', '--preset', $Preset)
    }
    finally { Pop-Location }
}

function Build-Native {
    $cuda = if ($env:QUANTNET_CUDA) { $env:QUANTNET_CUDA } else { 'AUTO' }
    Build-Preset 'release' @("-DQUANTNET_CUDA=$cuda")
    Invoke-Checked 'cmake' @('--install', 'artifacts/cmake/release')
    # A DLL is installed to bin; the .NET projects look in one place on all systems.
    Copy-Item artifacts\native\bin\quantnet.dll artifacts\native\lib\
}

function Build-All {
    Build-Native
    Invoke-DotNet @('build', 'src/Quant.Net')
    # build.sh compiles the tool ahead of time too, for linux-x64.
    Invoke-DotNet @('publish', 'src/Quant.Net.Tool', '-o', 'artifacts/tool')
    Set-Content artifacts\quantnet.cmd '@dotnet "%~dp0tool\quantnet.dll" %*'
}

function Show-Demo {
    $output = Join-Path ([IO.Path]::GetTempPath()) ([IO.Path]::GetRandomFileName())
    New-Item -ItemType Directory $output | Out-Null
    try {
        foreach ($model in Get-ChildItem samples\models\*.gguf) {
            Invoke-Checked 'artifacts\quantnet.cmd' @('inspect', $model.FullName, '--tensor', 'blk.0.*')
            foreach ($type in 'f32', 'f16') {
                Invoke-Checked 'artifacts\quantnet.cmd' @('dequantize', $model.FullName, '-o',
                    (Join-Path $output "$($model.BaseName)-$type.safetensors"), '--type', $type, '--device', 'auto')
            }
        }
    }
    finally { Remove-Item -Recurse $output }
}

function Measure-All {
    Invoke-DotNet @('publish', 'benchmarks/hello', '-o', 'artifacts/hello')
    Invoke-DotNet @('build', 'benchmarks/Quant.Net.Benchmarks.csproj')
    Invoke-Checked 'dotnet' (@('benchmarks/bin/Release/net10.0/Quant.Net.Benchmarks.dll', '--output', 'benchmarks/results',
            '--tool', 'artifacts/tool/quantnet.dll', '--hello', 'artifacts/hello/hello.dll',
            '--model', 'samples/models/stories260K-Q4_K_M.gguf') + $Options)
}

function Test-All {
    Build-All
    Build-Preset 'tests'
    Invoke-Checked 'artifacts\cmake\release\tests\quantnet_tests.exe' @()
    $sets = (& artifacts\quantnet.cmd doctor --json | Out-String | ConvertFrom-Json).instructionSets
    foreach ($set in $sets) {
        if (-not $set.available) { Write-Output "skipped: $($set.name): $($set.reason)"; continue }
        $env:QUANTNET_ISA = $set.name
        Invoke-Checked 'dotnet' @('test', 'tests/Quant.Net.Tests', '-c', 'Release', '-nodereuse:false')
    }
    Remove-Item Env:QUANTNET_ISA
    Invoke-Checked 'dotnet' @('test', 'tests/Quant.Net.Tool.Tests', '-c', 'Release', '-nodereuse:false')
    Invoke-Checked 'dotnet' @('run', '-c', 'Release', '--project', 'bindings', '--', '--check')
}

switch ($Word) {
    'setup' { Test-Setup }
    'native' { Test-Setup; Build-Native }
    'build' { Test-Setup; Build-All }
    'demo' { Test-Setup; Build-All; Show-Demo }
    'test' { Test-Setup; Test-All }
    'bench' { Test-Setup; Build-All; Measure-All }
    'fuzz' { [Console]::Error.WriteLine('build.ps1: fuzzing works on Linux only: ./build.sh fuzz'); exit 1 }
    'gpu-kit' { [Console]::Error.WriteLine('build.ps1: the kit for GPU machines is made on Linux: ./build.sh gpu-kit'); exit 1 }
    'reference' { Invoke-Checked 'dotnet' @('run', '-c', 'Release', '--project', 'scripts/reference') }
    'bindings' { Invoke-Checked 'dotnet' @('run', '-c', 'Release', '--project', 'bindings') }
    'pack' {
        Test-Setup
        $env:QUANTNET_CUDA = 'ON' # what is handed on has the GPU inside
        Build-All
        Invoke-DotNet @('pack', 'src/Quant.Net', '-o', 'artifacts/packages')
        Invoke-DotNet @('pack', 'src/Quant.Net.Tool', '-o', 'artifacts/packages')
    }
    'clean' {
        Get-Item artifacts, src\*\bin, src\*\obj, tests\*\bin, tests\*\obj, bindings\bin, bindings\obj, scripts\reference\bin,
        scripts\reference\obj,
        benchmarks\bin, benchmarks\obj, benchmarks\hello\bin, benchmarks\hello\obj -ErrorAction SilentlyContinue |
            Remove-Item -Recurse -Force
    }
    'help' { Write-Output $usage }
    default { [Console]::Error.WriteLine("build.ps1: unknown word '$Word'`n$usage"); exit 2 }
}
