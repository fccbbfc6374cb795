"""The queries and actions of API and board, without HTTP: joins store, broker and rules."""
