"""Where characters and looks come from."""

# The values of `tags.origin_type` (specification llm, Tags).
ORIGINS = ("game", "anime", "manga", "film", "tv", "book", "original", "other")
