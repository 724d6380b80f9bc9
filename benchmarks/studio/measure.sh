#!/usr/bin/env bash
# Measures the studio: from the command to the first page's last byte, and from a request to decode edited codes to its
# answer. Prints medians and the largest values. Needs curl and jq.
#
#     dotnet publish src/Tessera.Cli -r linux-x64 -o dist
#     benchmarks/studio/measure.sh dist/tessera
set -euo pipefail
program=${1:?usage: measure.sh PROGRAM [PORT]} port=${2:-5197}
address="http://127.0.0.1:$port"
starts=5 requests=200

start() {
  "$program" studio --port "$port" --no-browser >/dev/null &
  studio=$!
  until curl -sf -o /dev/null "$address/"; do sleep 0.005; done
}
stop() {
  kill "$studio"
  wait "$studio" || true
}
summary() {
  sort -n | awk -v name="$1" '{ value[NR] = $1 } END {
    printf "%s: median %.1f ms, largest %.1f ms, of %d\n", name, 1000 * value[int((NR + 1) / 2)], 1000 * value[NR], NR }'
}

trap 'kill "$studio" 2>/dev/null || true' EXIT
for ((i = 0; i < starts; i++)); do
  begin=$EPOCHREALTIME
  start
  awk "BEGIN { print $EPOCHREALTIME - $begin }"
  stop
done | summary "first page"

start
run=$(curl -sf "$address/api/runs" | jq -r '[.runs[] | select(.isBuiltIn and .kind == "tokenizer")][0].id')
# Another first code each time, so that nothing can be remembered.
codes=$(jq -nc '{ rows: 8, columns: 8, codes: [range(64) | . * 7 % 512] }')
for ((i = 0; i < requests; i++)); do
  curl -sf -o /dev/null -w '%{time_total}\n' -H 'Content-Type: application/json' \
    -d "${codes/0,7,/$((i % 512)),7,}" "$address/api/runs/$run/decode"
done | summary "decode"
stop
