"""Metrics that a job names, run in a process of their own with limits of time and memory."""
