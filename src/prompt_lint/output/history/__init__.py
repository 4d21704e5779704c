"""What `history` prints, one module for each of its formats."""
