"""An LLM that writes assets: providers, one call with tools and repair, what is asked, what becomes of the answer."""
