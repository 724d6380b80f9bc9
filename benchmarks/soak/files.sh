#!/usr/bin/env bash
# A million damaged files through every reader: each is read, or refused with the exception that the reader documents,
# in a few seconds and with bounded memory.
# Usage: benchmarks/soak/files.sh [--cases N] [--seed N] [--only READER [--case N]] [--folder DIR]
# A failure is repeated alone by the options that its line names. Files lie in memory (/dev/shm) unless --folder says
# otherwise. If the program crashes, tessera-soak-current.txt there names the file that was read.
. "$(dirname "$0")/build.sh"
"${soak[@]}" files "$@"
