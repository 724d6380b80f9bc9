#!/usr/bin/env bash
# Measures the studio with the model cifar10 that comes with the program: from the command to the first page's last
# byte, edits in the editor, and what is computed once for a model. Prints medians and the largest values. Needs curl
# and jq; for what the page itself says, Chromium and the browser tests, built. TESSERA_DATA names the folder of
# CIFAR-10; without it the images are shapes.
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
    median = value[int((NR + 1) / 2)]
    printf "%s: median %.1f ms, largest %.1f ms, of %d\n", name, 1000 * median, 1000 * value[NR], NR }'
}
since() { awk "BEGIN { print $EPOCHREALTIME - $1 }"; }

# Seconds until an endpoint of the model has its answer.
ready() {
  local begin=$EPOCHREALTIME
  until [[ $(curl -s -o /dev/null -w '%{http_code}' "$address/api/runs/$run/$1") == 200 ]]; do sleep 0.01; done
  since "$begin"
}
post() {
  curl -sf -o /dev/null -w '%{time_total}\n' -H 'Content-Type: application/json' -d "$2" "$address/api/runs/$run/$1"
}

# Seconds until 16 samples show something, and until they are done.
draw() {
  local begin=$EPOCHREALTIME id shown='' line
  id=$(curl -sf -H 'Content-Type: application/json' -d '{ "count": 16, "class": "horse", "guidance": 1.5, "seed": 1 }' \
    "$address/api/runs/$run/samples" | jq -r .id)
  while read -r line; do
    [[ $line == 'event: image'* && -z $shown ]] && shown=$(since "$begin")
    [[ $line == 'event: done'* ]] && break
  done < <(curl -sN "$address/api/samples/$id/events")
  echo "$shown $(since "$begin")"
}

trap 'kill "$studio" 2>/dev/null || true' EXIT
for ((i = 0; i < starts; i++)); do
  begin=$EPOCHREALTIME
  start
  since "$begin"
  stop
done | summary "first page"

results=$(mktemp -d)
for ((i = 0; i < starts; i++)); do
  start
  run=$(curl -sf "$address/api/runs" | jq -r '[.runs[] | select(.isBuiltIn and .kind == "tokenizer")][0].id')
  ready model >/dev/null
  ready atlas >>"$results/atlas"
  ready atlas/counts >>"$results/counts of 2,000 images after it"
  ready codebook/map >>"$results/map"
  ready codebook/7/influence >>"$results/influence"
  # The first drawing compiles its code, as the first of a user does.
  draw >>"$results/draw"
  ((i + 1 < starts)) && stop
done
cut -d' ' -f1 "$results/draw" >"$results/16 samples, the first image"
cut -d' ' -f2 "$results/draw" >"$results/16 samples, all of them"
rm "$results/draw"
for file in "$results"/*; do summary "${file##*/}" <"$file"; done
rm -r "$results"

# Another first code each time, so that nothing can be remembered.
codes=$(jq -nc '[range(64) | . * 7 % 512]')
for ((i = 0; i < requests; i++)); do
  post decode "{ \"rows\": 8, \"columns\": 8, \"codes\": ${codes/0,7,/$((i % 512)),7,} }"
done | summary "decode"
for ((i = 0; i < requests; i++)); do
  post likely "{ \"codes\": ${codes/0,7,/$((i % 512)),7,}, \"place\": $((i % 64)), \"class\": \"horse\" }"
done | summary "likely"

# What the editor says below its picture: from a change to the pixels on the page.
built=(tests/Tessera.Studio.BrowserTests/bin/*/net10.0/.playwright)
playwright=${built[0]}
if [[ -d $playwright && -x /usr/bin/chromium ]]; then
  "$playwright"/node/*/node benchmarks/studio/page.cjs "$PWD/$playwright/package" "$address" "$run" \
    | summary "decode, in the page"
fi
stop
