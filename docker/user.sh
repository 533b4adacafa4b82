#!/bin/sh
# Makes the servers' user in KurrentDB, once; that it is there already is fine.
set -eu
: "${KURRENTDB_ADMIN_PASSWORD:?set it in .env}" "${RUNLEDGER_KURRENTDB_PASSWORD:?set it in .env}"
answer=$(curl --silent --output /dev/null --write-out '%{http_code}' --max-time 20 --cacert /ca/ca.crt \
  --user "admin:$KURRENTDB_ADMIN_PASSWORD" --header 'content-type: application/json' \
  --data "{\"loginName\":\"runledger\",\"fullName\":\"Runledger\",\"groups\":[],\"password\":\"$RUNLEDGER_KURRENTDB_PASSWORD\"}" \
  https://kurrentdb-1:2113/users) || answer="no answer"
case "$answer" in
  201) echo 'the user was made' ;;
  409) echo 'the user was there' ;;
  *)
    echo "the user could not be made: $answer" >&2
    exit 1
    ;;
esac
