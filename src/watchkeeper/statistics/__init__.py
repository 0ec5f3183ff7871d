"""Mergeable state of one column in stacks of cells: what engines fill and metrics read."""
