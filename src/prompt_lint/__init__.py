"""A linter for the size of Claude prompts kept in git."""

# Static, and read from here alone: a hook or an action installs from a checkout without tags.
__version__ = "0.1.0"

# Where the project is: the address in the help, in messages and in links.
REPOSITORY = "https://github.com/OWNER/prompt-lint"
