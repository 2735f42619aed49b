"""Planted defects of integrity."""

from tests.integration.planted import LookAlike, Planted

PLANTED: list[Planted] = []
LOOK_ALIKES: list[LookAlike] = []
