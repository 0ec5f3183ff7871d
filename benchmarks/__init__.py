"""Measurements of speed and of promises; each module prints a table and, as its last line, one JSON object."""
