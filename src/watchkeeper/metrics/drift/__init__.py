"""Metrics of how far a distribution has moved from its baseline."""
