#!/bin/sh
# Runs once, in an empty PostgreSQL: the servers' own role, which is no superuser, and its database.
set -eu
: "${RUNLEDGER_DB_PASSWORD:?set it in .env}"
psql --username "$POSTGRES_USER" --dbname postgres --set ON_ERROR_STOP=1 --set password="$RUNLEDGER_DB_PASSWORD" <<'SQL'
CREATE ROLE runledger LOGIN PASSWORD :'password';
CREATE DATABASE runledger OWNER runledger ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE runledger FROM PUBLIC;
SQL
