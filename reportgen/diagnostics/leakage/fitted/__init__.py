"""What the preprocessing was fitted on: its stored figures beside those of each split's rows."""
