# Sourced by the other scripts: goes to the root of the project and installs its packages when that is needed.
# Needed is: no packages yet, or package-lock.json is not the one they were installed from.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
export npm_config_update_notifier=false npm_config_fund=false npm_config_audit=false

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
fail() { printf '\n%s\n' "$*" >&2; exit 1; }

node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null ||
  fail "Runledger needs Node 20.19 or newer; this is $(node --version 2>/dev/null || echo 'no Node at all')."

install_packages() {
  local stamp=node_modules/.installed-from
  local wanted
  # The packages of one platform and version of Node are not those of another.
  wanted="$(node -p 'process.platform + "-" + process.arch') $(cksum <package-lock.json)"
  if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then return 0; fi
  # Somebody ran npm install or npm ci by hand: what npm recorded is then newer than the lock file.
  if [ ! -f "$stamp" ] && [ -f node_modules/.package-lock.json ] &&
    [ ! package-lock.json -nt node_modules/.package-lock.json ] && npm ls --depth=0 >/dev/null 2>&1; then
    printf '%s' "$wanted" >"$stamp"
    return 0
  fi
  say "installing packages (npm ci)"
  npm ci --no-progress --loglevel=error || npm ci --no-progress --loglevel=error ||
    fail "The packages could not be installed: see above. Is the package registry reachable?"
  printf '%s' "$wanted" >"$stamp"
}

# Builds when a source is newer than the last complete build.
build_if_needed() {
  local stamp=dist/.built
  if [ -f "$stamp" ] && [ -f dist/apps/server/src/main.js ] &&
    [ -z "$(find apps libs package.json package-lock.json tsconfig.json nest-cli.json .swcrc \( -type d -o -type f \) -newer "$stamp" -print -quit)" ]; then
    return 0
  fi
  say "building"
  build || fail "The build failed: see above."
}

# Always builds. Files that this build did not write are removed afterwards, not before, so that a server which runs
# from the same folder keeps its files.
build() {
  local started
  started=$(mktemp)
  npm run --silent build || { rm -f "$started"; return 1; }
  [ -f dist/apps/server/src/main.js ] || { rm -f "$started"; return 1; }
  find dist -type f ! -newer "$started" -delete
  # The stamp is as old as the beginning of the build: a source saved meanwhile counts as newer.
  touch -r "$started" dist/.built
  rm -f "$started"
}
