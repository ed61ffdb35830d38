"""Where a model looks, in pictures and in episodes."""
