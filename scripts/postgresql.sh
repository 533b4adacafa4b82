#!/usr/bin/env bash
# Prints the directory of PostgreSQL's server programs (14 or newer). Installs Debian's package when there are none and this
# is root; its own cluster is neither made nor started.
set -euo pipefail

newest() {
  local directory version best="" most=0
  for directory in "$@"; do
    [ -x "$directory/initdb" ] && [ -x "$directory/postgres" ] || continue
    version=$("$directory/postgres" --version 2>/dev/null | sed -n 's/^postgres (PostgreSQL) \([0-9]*\).*/\1/p')
    if [ "${version:-0}" -ge 14 ] && [ "$version" -gt "$most" ]; then
      most=$version
      best=$directory
    fi
  done
  printf '%s' "$best"
}

# A program in PATH may be a link: its neighbours and its share directory are where the link leads.
find_programs() {
  local candidates=(/usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql@*/bin) program
  if program=$(command -v initdb); then candidates+=("$(dirname "$(readlink -f "$program")")"); fi
  if command -v pg_config >/dev/null; then candidates+=("$(pg_config --bindir 2>/dev/null || true)"); fi
  newest "${candidates[@]}"
}

install_package() {
  local answer=/etc/postgresql-common/createcluster.d/runledger-tests.conf
  mkdir -p "$(dirname "$answer")"
  printf 'create_main_cluster = false\n' >"$answer"
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -q && apt-get install -q -y --no-install-recommends postgresql; } >&2 || true
  rm -f "$answer"
}

found=$(find_programs)
if [ -z "$found" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  printf 'PostgreSQL is not installed: installing the package postgresql\n' >&2
  install_package
  found=$(find_programs)
fi
if [ -z "$found" ]; then
  printf 'The tests need the programs of a PostgreSQL server, 14 or newer, and found none: install them (on Debian\n' >&2
  printf 'apt-get install postgresql), or put the directory of initdb and postgres into PATH.\n' >&2
  exit 1
fi
printf '%s\n' "$found"
