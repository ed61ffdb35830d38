"""What a spec may name: declarations read off signatures, the registry, construction."""
