"""Replies: from the bytes to what expressions see."""
