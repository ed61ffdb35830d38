"""Semantic inference: novel labels from features, correlations and attention."""
