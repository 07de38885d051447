"""Rows that were made from other rows: between two of them, or again and again."""
