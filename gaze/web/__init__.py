"""Pages, fragments, live events and the REST API, served by Litestar."""
