#!/usr/bin/env bash
# Training and packing on a small disk that fills and frees again: each time one line says so, nothing is damaged, and
# in the end the results are those of undisturbed work, to the bit.
# Usage: benchmarks/soak/disk.sh [--rounds N] [--seed N] [--folder DIR]
# Needs Linux and root, for a file system of its own (exit code 2 otherwise), and the .NET SDK.
. "$(dirname "$0")/build.sh"
"${soak[@]}" disk --program "$program" "$@"
