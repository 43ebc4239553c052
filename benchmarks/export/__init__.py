"""How fast and how large an export of very many examples is."""
