"""Models: declared recipes, features, estimators, intervals, applicability, files."""
