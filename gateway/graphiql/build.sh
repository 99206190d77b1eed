#!/usr/bin/env bash
# Builds the explorer and leaves it compressed in dist/, which is committed: neither the gateway's build nor `make demo` needs Node.
set -euo pipefail
cd "$(dirname "$0")"
npm ci --no-audit --no-fund
npx vite build
rm -rf dist
mkdir -p dist/assets
(cd build && find . -type f) | while read -r file; do gzip -9 -n -c "build/$file" > "dist/$file.gz"; done
rm -rf build
du -sh dist
