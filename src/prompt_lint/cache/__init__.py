"""What is remembered between runs, where, and what its keys say."""
