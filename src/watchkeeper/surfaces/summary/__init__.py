"""The summary of a run for continuous integration: as JUnit XML for its list of tests, as Markdown for its page."""
