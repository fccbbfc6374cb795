"""Charts as SVG paths, and their figures."""
