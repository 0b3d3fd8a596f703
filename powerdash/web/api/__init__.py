"""JSON endpoints, one file per noun."""
