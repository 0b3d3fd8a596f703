"""The shelf: environment, clock, broker, SQL, metrics, logs — no tables, no nouns."""
