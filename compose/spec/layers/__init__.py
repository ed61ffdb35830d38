"""One spec out of many layers: extended specs, variants, overrides."""
