#!/bin/sh
# Run once by the PostgreSQL image as its user postgres, in an empty database: the server's own account, which may add audit rows and
# change none.
set -eu
file=${DATABASE_PASSWORD_FILE:-/run/secrets/database-password}
end() {
  echo "database-roles: $1. What to do: mend the file, remove the volume of the database, which is empty, and start again." >&2
  exit 1
}
CUSTODY_PASSWORD=$(cat "$file") || end "user $(id -u) cannot read $file"
[ -n "$CUSTODY_PASSWORD" ] || end "$file is empty"
export CUSTODY_PASSWORD
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
\getenv password CUSTODY_PASSWORD
create role custody_app nologin;
create role custody login password :'password';
grant custody_app to custody;
SQL
