"""The catalogue of exercises, and the one that fits tonight."""

from coach.exercises.catalogue import Catalogue
from coach.exercises.heard import as_heard
from coach.exercises.match import suggest

__all__ = ["Catalogue", "as_heard", "suggest"]
