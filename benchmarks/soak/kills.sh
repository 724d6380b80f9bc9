#!/usr/bin/env bash
# Training in one process, training in two ranks and packing, ended by SIGKILL at random moments and continued, until
# each has been killed so often. The results must be those of uninterrupted work, to the bit.
# Usage: benchmarks/soak/kills.sh [--kills ONE,RANKS,PACKING] [--seed N] [--folder DIR]
# Needs Linux, the .NET SDK and Open MPI. It takes about an hour on two cores; --kills 8,6,6 takes some minutes.
. "$(dirname "$0")/build.sh"
"${soak[@]}" kills --program "$program" "$@"
