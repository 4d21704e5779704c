"""The values that flow: Request, Prompt, Count, Rule, Verdict, Report; errors and exit codes; the known models."""
