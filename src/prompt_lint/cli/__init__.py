"""argv → an exit code: the Click group, shared options, one module for each subcommand, exceptions → one line and a code."""
