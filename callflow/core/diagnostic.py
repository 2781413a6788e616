"""A remark on a document that does not stop it: what a linter says, with the place, the consequence and the remedy.

What stops a document is a `callflow.core.errors.FlowError`; both carry the same JSON paths.
"""

from __future__ import annotations

from typing import Literal

from attrs import frozen

Severity = Literal["error", "warning", "info"]
"""How bad a remark is. `error`: a call will not do what the author meant; `info`: worth knowing, nothing is lost."""


@frozen
class Diagnostic:
    """One remark. `code` is kebab-case and stable; `where` is a JSON path such as `flow.children._.data.url`.

    `message` says what is the matter and what will happen, `hint` how to write it instead (may be empty).
    An error-level diagnostic never changes how `run` exits, but makes `lint` exit 2 (design §12, Results).
    """

    code: str
    severity: Severity
    where: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        end = f"; {self.hint}" if self.hint else ""
        return f"{self.where}: {self.severity}: {self.message}{end} [{self.code}]"
