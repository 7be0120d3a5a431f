"""GAZE as an MCP server: the bundled tag tools, and the user's library for an assistant."""
