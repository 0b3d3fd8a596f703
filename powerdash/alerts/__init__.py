"""Room: what is wrong — the heartbeat sweep (rules and alerts come later)."""
