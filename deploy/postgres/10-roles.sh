#!/bin/sh
# Runs once, when the data directory is made: the database, its owner (migrations), and the roles that may not change its
# structure. `manage.py upgrade` gives and takes their rights after every migration.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres --quiet <<'SQL'
\getenv owner_password OWNER_DB_PASSWORD
\getenv app_password APP_DB_PASSWORD
\getenv readonly_password READONLY_DB_PASSWORD
CREATE ROLE shuncheng_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE shuncheng_app LOGIN PASSWORD :'app_password' NOSUPERUSER NOCREATEDB NOCREATEROLE;
CREATE ROLE shuncheng_readonly LOGIN PASSWORD :'readonly_password' NOSUPERUSER NOCREATEDB NOCREATEROLE;
CREATE DATABASE shuncheng OWNER shuncheng_owner;
REVOKE ALL ON DATABASE shuncheng FROM PUBLIC;
GRANT CONNECT ON DATABASE shuncheng TO shuncheng_app, shuncheng_readonly;
\connect shuncheng
ALTER SCHEMA public OWNER TO shuncheng_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
SQL
