"""Faults on purpose: what is left of a turn when its process is killed in the middle of it."""
