"""Counting: lines into cells. `plan` decides, `duck` counts, `reference` proves."""
