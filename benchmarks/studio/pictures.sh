#!/usr/bin/env bash
# Makes the pictures of docs/studio.md (docs/images/studio): each view in both themes, with a run on shapes that is
# trained for it in a minute and the model that comes with the program. Needs Chromium and the browser tests, built.
# TESSERA_DATA names the folder of CIFAR-10; without it the images of that model are shapes.
#
#     dotnet publish src/Tessera.Cli -r linux-x64 -o dist
#     benchmarks/studio/pictures.sh dist/tessera [FOLDER]
#
# FOLDER gets the pictures instead, with those of the width of a phone and of whole pages, to look at.
set -euo pipefail
program=$(realpath "${1:?usage: pictures.sh PROGRAM [FOLDER]}") root=$(cd "$(dirname "$0")/../.." && pwd)
out=$(realpath -m "${2:-$root/docs/images/studio}") mode=${2:+all} port=5196
built=("$root"/tests/Tessera.Studio.BrowserTests/bin/*/net10.0/.playwright)
playwright=${built[0]}

work=$(mktemp -d) studio=
trap 'kill $studio 2>/dev/null || true; rm -rf "$work"' EXIT
mkdir -p "$out"
cd "$work"
"$program" train --data shapes --hidden 64 --updates 600 --eval-every 100 --out runs/shapes-1 --no-report >/dev/null
"$program" studio --port "$port" --no-browser >/dev/null &
studio=$!
until curl -sf -o /dev/null "http://127.0.0.1:$port/"; do sleep 0.1; done
"$playwright"/node/*/node "$root/benchmarks/studio/pictures.cjs" "$playwright/package" "http://127.0.0.1:$port" "$out" \
  "${mode:-docs}"
