"""Metrics of what goes into and comes out of a model: volume, completeness, location, shares."""
