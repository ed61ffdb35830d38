"""General vocabulary."""
