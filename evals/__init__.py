"""Measures of the companion: cases, one metric a file, the usual recipe to compare with, a report."""
