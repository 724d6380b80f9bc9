#!/usr/bin/env bash
# Builds Tessera (Release) and measures it beside libtorch and PyTorch; see benchmarks/compare.sh --help.
set -euo pipefail
cd "$(dirname "$0")/.."
case " $* " in
  *" --help "* | *" -h "* | *" --from "*) ;;
  *) DOTNET_NOLOGO=1 dotnet build -c Release benchmarks/Tessera.Benchmarks >&2 ;;
esac
exec python3 benchmarks/compare.py "$@"
