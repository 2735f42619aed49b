"""The workbench as a REST application."""
