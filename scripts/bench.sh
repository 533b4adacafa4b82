#!/usr/bin/env bash
# npm run bench:<name> -- [arguments]: one benchmark of test/bench/, against the production build.
set -euo pipefail
name=${1:?"name a benchmark: one of $(ls "$(dirname "$0")/../test/bench" | sed -n 's/\.bench\.ts$//p' | tr '\n' ' ')"}
shift
. "$(dirname "$0")/setup.sh"
[ -f "test/bench/$name.bench.ts" ] || fail "There is no benchmark test/bench/$name.bench.ts."
install_packages
build_if_needed
exec node --no-warnings --expose-gc --import ./test/support/typescript.mjs "test/bench/$name.bench.ts" "$@"
