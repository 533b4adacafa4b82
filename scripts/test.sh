#!/usr/bin/env bash
# npm test: everything a change must pass, from nothing, in the order in which it is fastest to fail.
# Arguments go to Jest: `npm test -- libs/workflow` runs the checks and only those suites.
set -euo pipefail
. "$(dirname "$0")/setup.sh"

started=$SECONDS
current=""
stage() {
  current=$1
  shift
  say "$current"
  local at=$SECONDS
  "$@" || fail "npm test: the stage '$current' failed: see above."
  printf '%s: %s s\n' "$current" "$((SECONDS - at))"
}

printf 'Node %s, %s processors\n' "$(node --version)" "$(node -p 'os.availableParallelism()')"
stage 'packages' install_packages
stage 'types (tsc)' npx --no-install tsc --noEmit
stage 'lint (eslint)' npx --no-install eslint --max-warnings 0 .
stage 'format (prettier)' npx --no-install prettier --check --log-level warn .
stage 'architecture' node --no-warnings --import ./test/support/typescript.mjs test/architecture/check.ts
stage 'build (nest)' build
export SERVERS_FROM=build
stage 'postgresql' bash scripts/postgresql.sh
stage 'generated documents' bash scripts/docs.sh --check

report=$(mktemp)
trap 'rm -f "$report"' EXIT
jest() {
  node --experimental-vm-modules --no-warnings node_modules/jest/bin/jest.js --ci --json --outputFile="$report" "$@"
}
outcome=0
say 'tests (jest)'
jest "$@" || outcome=$?
printf '\nall stages: %s s\n' "$((SECONDS - started))"
node scripts/summary.mjs "$report" || outcome=1
exit "$outcome"
