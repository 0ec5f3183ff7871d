"""A run: every stage from the log to the ledger, in order, each safe to repeat."""
