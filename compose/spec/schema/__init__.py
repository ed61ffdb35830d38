"""What may stand in a spec, as JSON Schema, and what is wrong with one in words."""
