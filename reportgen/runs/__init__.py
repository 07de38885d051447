"""Run folders: written beside and moved into place, locked, and resumed after an interruption."""
