"""Metrics of how the endpoint serves."""
