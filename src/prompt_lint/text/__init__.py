"""Functions on text that know nothing of prompts: YAML, JSON, Markdown, patterns, escaping, decoding, frontmatter."""
