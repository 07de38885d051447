"""Is it fast enough? ``python -m benchmarks.speed`` measures, and prints limits beside."""
