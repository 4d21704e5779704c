"""The organization's usage and cost → trends → their output formats (`report`)."""
