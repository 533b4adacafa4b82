#!/usr/bin/env bash
# npm run dev: runs the sources and starts again whenever one of them changes.
set -euo pipefail
. "$(dirname "$0")/setup.sh"
install_packages
exec node --watch --watch-preserve-output --import ./test/support/typescript.mjs apps/server/src/main.ts "$@"
