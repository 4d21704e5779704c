"""A linter for the size of Claude prompts kept in git."""

# Static, and said here alone: a hook or an action installs from a checkout without tags.
__version__ = "0.2.0"
# Until the first release, OWNER stands for the owner. `python3 tools/set_address.py OWNER/NAME` sets the address here and everywhere.
REPOSITORY = "https://github.com/OWNER/prompt-lint"
