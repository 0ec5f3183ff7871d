"""The command line: one file per command, which asks ``api.Project`` and hands an answer to ``out``."""
