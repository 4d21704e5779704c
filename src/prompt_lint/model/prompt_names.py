"""The names of prompts that a file of a coding agent has more than one of, or that isn't loaded at the start."""

from __future__ import annotations

# Of a skill, a command or an agent: what is always listed, and what is loaded when it is used.
METADATA, BODY = "metadata", "body"
# Of a file that isn't loaded at the start of a session, but with the files that it is about.
ON_DEMAND = "on demand"
