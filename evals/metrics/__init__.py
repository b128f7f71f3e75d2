"""One metric, one file. A case that does not apply gives no score."""
