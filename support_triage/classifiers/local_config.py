"""The table `[local]` of triage.toml: which embedder the local classifier uses."""

from pydantic import BaseModel, ConfigDict, Field

MINILM = "minilm"


class LocalConfig(BaseModel):
    """`embedder` is "minilm", "minilm:FOLDER" with a folder that holds its weights, or a path.

    The path is a sentence-transformers folder with an ONNX file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    embedder: str = Field(default=MINILM, min_length=1)
