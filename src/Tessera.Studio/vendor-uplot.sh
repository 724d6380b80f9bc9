#!/bin/sh
# Writes Pages/vendor/: uPlot (MIT), which draws the studio's curves. Needs npm; takes its configured registry.
# To move to another version, change the two values below and run it again.
set -eu
version=1.6.32
checksum=4b8a8191e425658e3ea8c8c1314b0fc679c861ee3a1af2b20c7b16ba50b5133d
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm pack --silent "uplot@$version" > /dev/null
echo "$checksum  uplot-$version.tgz" | sha256sum --check --quiet
tar -xzf "uplot-$version.tgz"
target=$here/Pages/vendor
mkdir -p "$target"
# The minified build is a classic script that sets `uPlot`; one more line makes a module of it.
{ cat package/dist/uPlot.iife.min.js; echo "export default uPlot;"; } > "$target/uPlot.js"
cp package/dist/uPlot.min.css "$target/uPlot.css"
cp package/LICENSE "$target/uPlot-LICENSE.txt"
