"""The door: who is at this screen, and what they have to say before they come in."""
