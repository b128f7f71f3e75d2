"""The catalogue of exercises, and the one that fits tonight."""

from coach.exercises.catalogue import Catalogue
from coach.exercises.match import suggest

__all__ = ["Catalogue", "suggest"]
