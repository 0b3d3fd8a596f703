"""Room: the append-only record, its outbox and the relay to the broker."""
