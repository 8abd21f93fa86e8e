#!/bin/sh
# Runs once, when the database's volume is made: makes the database and its owner, as whom the service connects. The owner
# is no superuser and makes no roles: the two in which the service works are made here. The superuser has no password
# afterwards, so that nobody reaches it but from inside the container.
set -eu

owner=${OWNER:-promotion_engine}
psql --no-psqlrc --quiet -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d postgres \
    -v superuser="$POSTGRES_USER" -v owner="$owner" -v password="$POSTGRES_PASSWORD" <<'SQL'
create role promotion_engine_service
    nologin nosuperuser nocreatedb nocreaterole noreplication nobypassrls;
create role promotion_engine_operator
    nologin nosuperuser nocreatedb nocreaterole noreplication nobypassrls;
create role :"owner"
    login noinherit nosuperuser nocreatedb nocreaterole noreplication nobypassrls password :'password';
grant promotion_engine_service, promotion_engine_operator to :"owner";
create database :"owner" owner :"owner";
\connect :"owner"
-- The owner inherits nothing, not even what belongs to whoever owns the database.
alter schema public owner to :"owner";
alter role :"superuser" password null;
SQL
