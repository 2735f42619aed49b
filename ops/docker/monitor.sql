-- The login of the exporter, which may read statistics only. Run once, when the database is made.
\set password `cat /run/secrets/monitor_password`
CREATE SCHEMA IF NOT EXISTS extensions;
CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA extensions;
CREATE ROLE cryokit_monitor LOGIN PASSWORD :'password';
GRANT pg_monitor TO cryokit_monitor;
GRANT USAGE ON SCHEMA extensions TO cryokit_monitor;
ALTER ROLE cryokit_monitor SET search_path = extensions, public;
