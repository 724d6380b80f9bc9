#!/usr/bin/env bash
# Packs all that benchmarks/gpu/run.sh needs into artifacts/gpu.tar.xz: the program and the GPU tests with the .NET
# runtime, for 64-bit Linux. The machine with the GPU then needs NVIDIA's driver, and Python with PyTorch to compare.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=artifacts/gpu
rm -rf "$folder" "$folder.tar.xz"
# One file and trimming are for users' downloads; here both programs share a runtime.
for project in src/Tessera.Cli tests/Tessera.Cuda.Tests; do
  dotnet publish "$project" -c Release -r linux-x64 --self-contained -o "$folder" \
    -p:PublishSingleFile=false -p:PublishTrimmed=false -p:PublishReadyToRun=false >&2
done
tar -cJf "$folder.tar.xz" -C artifacts gpu
ls -l "$folder.tar.xz"
