#!/usr/bin/env bash
# npm run docs: writes what is generated from the code (event catalogue, settings table, OpenAPI, lock of the event
# schemas). `npm run docs -- --check` writes nothing and fails when something would change.
set -euo pipefail
. "$(dirname "$0")/setup.sh"
install_packages
exec node --no-warnings --import ./test/support/typescript.mjs test/docs/generate.ts "$@"
