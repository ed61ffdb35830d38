"""WordNet's nouns: synsets, their words, and the hypernym relation."""
