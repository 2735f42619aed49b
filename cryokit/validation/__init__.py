"""Validation: fair splits, scores, baselines, the skill gate."""
