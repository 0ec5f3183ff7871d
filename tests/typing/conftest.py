collect_ignore_glob = ["samples/*"]  # programs for type checkers: they are read, never run
