"""Requests → counts: what is known, then the tokenizer or the API, as the mode says."""
