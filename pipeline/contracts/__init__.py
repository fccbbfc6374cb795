"""The contracts between roles: topics, their schemas, and which role reads which."""
