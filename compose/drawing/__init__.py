"""A model as a picture: the diagram of a plan, laid out in layers, as SVG or Mermaid. Needs no torch."""
