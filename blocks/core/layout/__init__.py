"""What moves, joins, picks and pools dims."""
