"""A report in Markdown: the summary of a job, and the comment on a pull request."""
