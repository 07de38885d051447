"""Figures of the questions, a module each with ``charts(series, findings) -> list[Chart]``.

A module is called when its question's name stands in the findings' series.
"""
