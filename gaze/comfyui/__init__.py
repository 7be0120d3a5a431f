"""Talking to ComfyUI servers: HTTP, websocket, and the choice among several."""
