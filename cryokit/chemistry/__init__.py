"""Structures, recipes and their descriptors."""
