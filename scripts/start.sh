#!/usr/bin/env bash
# npm start: installs and builds when needed, then becomes the server, so that signals reach it.
set -euo pipefail
. "$(dirname "$0")/setup.sh"
install_packages
build_if_needed
exec node --enable-source-maps dist/apps/server/src/main.js "$@"
