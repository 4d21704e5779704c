"""Tree + rules (+ base) → report. Prints nothing, exits nowhere."""
