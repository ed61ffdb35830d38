"""One YAML spec per paper, plus baselines and hybrids."""
