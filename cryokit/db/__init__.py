"""The database: embedded server, connections on somebody's behalf, migrations, registry."""
