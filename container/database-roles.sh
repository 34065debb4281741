#!/bin/sh
# Run once by the PostgreSQL image, in an empty database: the server's own account, which may add audit rows and change none.
set -eu
psql --set ON_ERROR_STOP=1 --set password="$(cat /run/secrets/database-password)" \
  --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
create role custody_app nologin;
create role custody login password :'password';
grant custody_app to custody;
SQL
