"""Writes of what is made from readings."""
