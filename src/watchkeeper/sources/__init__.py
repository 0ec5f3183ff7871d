"""From serving logs to events: one file is one log format and exports ``SOURCE``."""
