"""What the companion says: composed from the guides, with every point cited."""

from coach.replies.compose import compose

__all__ = ["compose"]
