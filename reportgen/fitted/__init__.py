"""The fitted parts of a model's preprocessing: what they are, and the rows that reach each."""
