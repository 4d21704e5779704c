""".prompt-lint.yaml → rules; which rule applies to a path; what a change of the file loosens."""
