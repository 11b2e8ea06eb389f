"""The steps of the way of the data, each idempotent and resumable: running one again changes nothing."""
