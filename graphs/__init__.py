"""The WordNet taxonomy, label graphs and label vectors."""
