"""Sources of feature vectors that carry several labels each."""
