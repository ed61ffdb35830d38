"""Data sources: embedded, published, and the user's own."""
