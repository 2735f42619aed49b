"""Backups that restore: sets made by PostgreSQL's own tools, kept, proved, and brought back."""
