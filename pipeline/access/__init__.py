"""Who may reach the API and the board, what each may do there, and what is noted of it."""
