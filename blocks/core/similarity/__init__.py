"""How near vectors are to others."""
