"""What `tighten` prints, one module for each of its formats."""
