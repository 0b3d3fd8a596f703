"""Door: readings in. asyncio and SQL by name, no Django."""
