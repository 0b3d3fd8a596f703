"""Door: WebSocket and Pusher HTTP API. asyncio, no Django."""
