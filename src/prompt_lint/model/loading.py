"""When a coding agent loads a prompt: at the start of a session, or on demand."""

from __future__ import annotations

# The name of a prompt that isn't loaded at the start, but with the files that it is about.
ON_DEMAND = "on demand"
