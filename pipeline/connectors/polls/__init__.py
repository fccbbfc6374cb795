"""Sources that do not send: what is asked of them next, and how they are let in to."""
