"""The WordNet taxonomy, label graphs and label vectors."""

from compose.graphs.graph_errors import GraphsError, MissingLabels, TaxonomyError, VectorFileError

__all__ = ["GraphsError", "MissingLabels", "TaxonomyError", "VectorFileError"]
