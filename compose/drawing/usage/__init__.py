"""Which attention module gives which label its score, and how often."""
