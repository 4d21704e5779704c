"""How a request gets its number of tokens. One module each; so far the offline one."""
