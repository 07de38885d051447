"""Rows compared with rows: hashes, what chance repeats, nearest neighbours, pictures, texts."""
