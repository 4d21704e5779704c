"""The subcommand `explain`: which rule applies to a file and why, and what is in the file."""
