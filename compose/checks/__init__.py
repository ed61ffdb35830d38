"""What would stop a run, found before it starts: the spec, its stages, its episodes."""
