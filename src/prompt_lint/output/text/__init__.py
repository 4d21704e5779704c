"""A report for a terminal: the findings, what the change did, and what `count` prints."""
