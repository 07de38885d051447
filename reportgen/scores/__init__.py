"""Metrics as diagnostics follow them over models: values with what every row adds to them."""
