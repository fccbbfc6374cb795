"""Topics, their schemas, and which role reads which."""
