"""One reader a file type: bytes in, blocks with line numbers out."""

from coach.retrieval.readers.dispatch import READERS, read_document, slug

__all__ = ["READERS", "read_document", "slug"]
