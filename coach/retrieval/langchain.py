"""The retriever as LangChain knows one, for those who build chains of their own on the guides."""

from __future__ import annotations

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document as LangChainDocument
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from coach.retrieval.search import Retriever


class PassageRetriever(BaseRetriever):
    """Gives passages as documents; nothing at all for a question that the guides do not cover.

    Metadata: passage, guide, section, title, lines, score.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    retriever: Retriever
    k: int = 5
    guide: str | None = None

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[LangChainDocument]:
        result = self.retriever.search(query, self.k, self.guide)
        if not result.answerable:
            return []
        return [
            LangChainDocument(
                page_content=found.passage.text,
                metadata={
                    "passage": found.passage.id,
                    "guide": found.passage.guide,
                    "section": found.passage.section,
                    "title": found.passage.title,
                    "lines": list(found.passage.lines),
                    "score": found.score,
                },
            )
            for found in result.found
        ]
