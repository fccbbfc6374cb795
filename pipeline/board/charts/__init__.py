"""Charts as SVG paths, and the figures in them."""
