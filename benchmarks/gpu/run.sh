#!/usr/bin/env bash
# Tests and measures Tessera on this machine's GPU, beside PyTorch. Made by benchmarks/gpu/publish.sh:
#
#     benchmarks/gpu/run.sh OUT [--quick]
#
# OUT receives results.md, results.json, the output of the tests and the runs' metrics. It takes under 8 minutes, with
# --quick under 3: what does not begin in time is left out.
#
#     benchmarks/gpu/run.sh OUT --seed-run MINUTES --data-dir DIR --run FOLDER
#
# trains the notebook's 200,000 updates on CIFAR-10 for so many minutes; the next call continues the run in FOLDER.
set -uo pipefail
[ $# -ge 1 ] || { sed -n '2,11p' "$0"; exit 2; }
out=$(mkdir -p "$1" && cd "$1" && pwd)
root=$(cd "$(dirname "$0")/../.." && pwd)
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tar -xJf "$root/artifacts/gpu.tar.xz" -C "$work" || exit 1
export XDG_CACHE_HOME="$work/cache" DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
tessera="$work/gpu/Tessera.Cli"

measure() { python3 "$root/benchmarks/gpu/measure.py" --tessera "$tessera" --out "$out" --work "$work" "$@"; }

"$tessera" info | tee "$out/info.txt"
if [ "${1:-}" = --seed-run ]; then measure "$@"; exit; fi
[ "${1:-}" = --quick ] && limit=60 || limit=150
# What is compiled for every kernel needs no GPU and is left out.
timeout "$limit" "$work/gpu/Tessera.Cuda.Tests" -class- Tessera.Cuda.Tests.PtxTests > "$out/tests.txt" 2>&1
echo "tests: exit $? ($(grep -c 'FAIL' "$out/tests.txt") lines of failures)" | tee -a "$out/info.txt"
measure "$@"
