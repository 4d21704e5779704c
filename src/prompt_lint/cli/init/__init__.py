"""The subcommand `init`: the prompts of a repository → a configuration that the next `check` passes."""
