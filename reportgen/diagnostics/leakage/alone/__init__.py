"""What a column tells of the target by itself: its values, its bins, and how strong it is."""
