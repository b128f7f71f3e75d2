"""Attune: a coaching companion for couples."""
