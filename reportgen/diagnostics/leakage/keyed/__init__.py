"""What rows have in common: keys, the groups hidden in them, and times."""
