"""Commands on graphs: the model as a picture, the graph over its labels, the WordNet taxonomy."""
