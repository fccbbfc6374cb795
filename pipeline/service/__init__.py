"""What the API and the board answer and do, without HTTP: store, broker and rules joined."""
