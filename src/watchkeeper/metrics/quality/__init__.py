"""Metrics of how right a model is, where labels are known."""
