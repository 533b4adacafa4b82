#!/usr/bin/env bash
# npm run demo: the whole story on this machine. `npm run demo -- --once` ends after telling it.
set -euo pipefail
. "$(dirname "$0")/setup.sh"
install_packages
build_if_needed
exec node --import ./test/support/typescript.mjs test/demo/demo.ts "$@"
