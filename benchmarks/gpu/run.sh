#!/usr/bin/env bash
# Tests and measures Tessera on this machine's GPU, beside PyTorch. Made by benchmarks/gpu/publish.sh:
#
#     benchmarks/gpu/run.sh OUT [--quick]
#
# OUT receives results.md, results.json, the output of the tests and the runs' metrics.
set -uo pipefail
[ $# -ge 1 ] || { sed -n '2,6p' "$0"; exit 2; }
out=$(mkdir -p "$1" && cd "$1" && pwd)
cd "$(dirname "$0")/../.."
quick=${2:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tar -xJf artifacts/gpu.tar.xz -C "$work" || exit 1
export XDG_CACHE_HOME="$work/cache" DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
tessera="$work/gpu/Tessera.Cli"

"$tessera" info | tee "$out/info.txt"
# What is compiled for every kernel needs no GPU and is left out.
timeout 240 "$work/gpu/Tessera.Cuda.Tests" -class- Tessera.Cuda.Tests.PtxTests > "$out/tests.txt" 2>&1
echo "tests: exit $? ($(grep -c 'FAIL' "$out/tests.txt") lines of failures)" | tee -a "$out/info.txt"
python3 benchmarks/gpu/measure.py --tessera "$tessera" --out "$out" --work "$work" $quick
