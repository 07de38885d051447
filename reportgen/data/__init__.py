"""A split's source becomes typed rows: features, target, and the other roles."""
