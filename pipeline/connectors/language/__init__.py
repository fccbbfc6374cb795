"""What a mapping file may say: paths, expressions, conditions and functions, checked at load."""
