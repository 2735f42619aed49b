"""Watching over cryokit: configuration, start, dashboards."""
