#!/usr/bin/env bash
# npm run bootstrap: sets who may do what on an EventStoreDB; see docs/eventstoredb.md.
set -euo pipefail
. "$(dirname "$0")/setup.sh"
install_packages
build_if_needed
exec node scripts/bootstrap.mjs
