"""The receiver: accepts deliveries of other systems, and stores each before it answers."""
