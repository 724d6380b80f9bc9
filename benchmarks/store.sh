#!/bin/sh
# Trains on generated images in a store and in memory, in turns, and deletes the store.
# usage: benchmarks/store.sh FILE.tpk COUNT SIZE UPDATES ROUNDS
set -eu
file=$1 count=$2 size=$3 updates=$4 rounds=$5
cd "$(dirname "$0")/.."
dotnet build -c Release -v q benchmarks/Tessera.Benchmarks
run="benchmarks/Tessera.Benchmarks/bin/Release/net10.0/Tessera.Benchmarks store"
trap 'rm -f "$file"' EXIT
$run pack "$file" "$count" "$size"
# Once to warm the page cache.
cat "$file" > /dev/null
for _ in $(seq "$rounds"); do
    $run train "$file" memory "$updates"
    $run train "$file" store "$updates"
done
