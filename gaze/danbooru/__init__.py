"""Danbooru's tags: lists read from CSV, looked up by prefix, exactly, and forgivingly."""
