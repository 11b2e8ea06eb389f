"""What the daemon costs, measured beside bare scripts that do the same work."""
