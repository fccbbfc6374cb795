"""The language of mapping files: paths, expressions, conditions and functions."""
