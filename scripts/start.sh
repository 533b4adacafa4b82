#!/usr/bin/env bash
# npm start: installs and builds when needed, then becomes the server, so that signals reach it.
set -euo pipefail
. "$(dirname "$0")/setup.sh"
install_packages
build_if_needed
# A larger young generation: most of what a run allocates is dead before it would be copied.
exec node --max-semi-space-size=32 dist/apps/server/src/main.js "$@"
