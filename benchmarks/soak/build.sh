# Sourced by the scripts beside it: builds the programs, of which a copy is used, and names them.
set -euo pipefail
cd "$(dirname "$0")/../.."
dotnet build benchmarks/Tessera.Benchmarks -c Release -v q >/dev/null
# Another build must not change a program that runs for an hour. The copy finds the checkout above it.
copy="$PWD/artifacts/soak-$$"
trap 'rm -rf "$copy"' EXIT
mkdir -p artifacts
cp -r benchmarks/Tessera.Benchmarks/bin/Release/net10.0 "$copy"
soak=(dotnet "$copy/Tessera.Benchmarks.dll" soak)
program="$copy/Tessera.Cli.dll"
