"""Are the verdicts right (``faults``), and is it fast enough (``speed``)?"""
