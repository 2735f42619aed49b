"""Measured figures from outside: bundled tables, public files, a laboratory's own tables."""
