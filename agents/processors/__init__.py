"""The stateful work of the roles."""
