#!/usr/bin/env bash
# Training in several processes beside one, in turns: images/s, the part of the time in messages, bytes sent. First all
# share a batch (strong scaling), then each process has one (weak scaling). More processes than cores wait for a core,
# not for messages, so images/s of a core count the work.
# Usage: benchmarks/scale/measure.sh [--rounds N] [--updates N] [--batch N] [-- OPTIONS OF tessera train]
# Needs the .NET SDK and Open MPI. It builds the program, and prints a table of medians; docs/scale.md quotes it.
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds=3 updates=300 batch=32
while [ $# -gt 0 ]; do
  case $1 in
    --rounds) rounds=$2; shift 2 ;;
    --updates) updates=$2; shift 2 ;;
    --batch) batch=$2; shift 2 ;;
    --) shift; break ;;
    *) echo "unknown option $1" >&2; exit 2 ;;
  esac
done
# A row of metrics.csv has 100 updates, and the first row does not count.
[ "$updates" -ge 200 ] || { echo "--updates must be at least 200" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dotnet build src/Tessera.Cli -c Release -v q -o "$work/program" >/dev/null
program=(dotnet "$work/program/Tessera.Cli.dll")

# name ranks threads batch: one measurement; images/s is the median of the rows of metrics.csv after the first, in which
# kernels are compiled.
measure() {
  local run="$work/run-$RANDOM$RANDOM" launch=()
  [ "$2" = 1 ] || launch=(mpirun --allow-run-as-root --oversubscribe --bind-to none -n "$2")
  "${launch[@]}" "${program[@]}" train --updates "$updates" --eval-every 1000000 --checkpoint-every 1000000 \
    --schedule constant --no-report --threads "$3" --batch "$4" --out "$run" "${@:5}" >"$work/log" 2>"$work/errors" ||
    { cat "$work/errors" >&2; exit 1; }
  local rate traffic
  rate=$(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "images_per_second") c = i }
    NR > 2 { print $c }' "$run/metrics.csv" | sort -n | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }')
  traffic=$(grep -oE 'messages, .*' "$work/log" |
    sed -E 's/messages, ([0-9.]+) MB sent by each, ([0-9.]+)%.*/\1 \2/' || true)
  echo "$1 $rate ${traffic:-0 0}" >>"$work/results"
  rm -rf "$run"
}

for ((round = 1; round <= rounds; round++)); do
  measure one-process-1-thread 1 1 "$batch" "$@"
  measure one-process-2-threads 1 2 "$batch" "$@"
  measure two-processes-1-thread 2 1 "$batch" "$@"
  measure four-processes-1-thread 4 1 "$batch" "$@"
  measure two-processes-a-batch-each 2 1 "$((2 * batch))" "$@"
  measure four-processes-a-batch-each 4 1 "$((4 * batch))" "$@"
  echo "round $round of $rounds" >&2
done

grep -m1 'model name' /proc/cpuinfo | sed 's/.*: //'
echo "| | images/s | sent by each, MB per update | time in messages |"
echo "|---|---|---|---|"
for name in one-process-1-thread one-process-2-threads two-processes-1-thread four-processes-1-thread \
  two-processes-a-batch-each four-processes-a-batch-each; do
  grep "^$name " "$work/results" | sort -k2 -n | awk -v updates="$updates" -v name="${name//-/ }" '
    { rate[NR] = $2; mb[NR] = $3; part[NR] = $4 }
    END { m = int((NR + 1) / 2); printf "| %s | %.0f | %.2f | %.1f%% |\n", name, rate[m], mb[m] / updates, part[m] }'
done
