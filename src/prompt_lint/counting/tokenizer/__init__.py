"""Claude's tokenizers, rebuilt: text to a number of tokens, without a network."""
