"""WUP similarity of synsets."""
