"""Whether the judged rows are of the population that the training rows are of."""
