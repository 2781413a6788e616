"""What reading an account's document `storage` finds: faults, remarks, and what is skipped when asked to (B§6.7)."""

from __future__ import annotations

from typing import Final, TypeVar

from attrs import define, field

from callflow.core.diagnostic import Diagnostic
from callflow.core.errors import FlowError
from callflow.core.node_remarks import url_remarks
from callflow.core.settings import read_settings
from callflow.core.storage_documents import ALSO_KNOWN

S = TypeVar("S")

_SKIPPED: Final = "skipped-unsimulated"


@define
class Findings:
    """Collects them, each at its JSON path."""

    bounds_are_errors: bool
    skip_unsimulated: bool = False
    faults: list[FlowError] = field(factory=list)
    diagnostics: list[Diagnostic] = field(factory=list)

    def fault(self, where: str, problem: str, hint: str) -> None:
        """Note what keeps the account from being used."""
        self.faults.append(FlowError(where, problem, hint))

    def breach(self, where: str, problem: str, hint: str) -> None:
        """Note what leaves the documented bounds: a fault or a warning, as the profile says."""
        if self.bounds_are_errors:
            self.fault(where, problem, hint)
        else:
            message = f"{problem}; it is used all the same"
            self.diagnostics.append(Diagnostic("out-of-bounds", "warning", where, message, hint))

    def is_skipped(self, where: str, problem: str, outcome: str, hint: str) -> bool:
        """Refuse what is not simulated, or warn of it and go on, with `outcome`."""
        if self.skip_unsimulated:
            self.diagnostics.append(Diagnostic(_SKIPPED, "warning", where, f"{problem}: {outcome}", hint))
        else:
            self.fault(where, problem, hint)
        return self.skip_unsimulated

    def settings(self, cls: type[S], data: object, where: str, of: str) -> S | None:
        """Read `data` as the class, None where it is faulty."""
        known = ALSO_KNOWN.get(cls, ())
        reading = read_settings(cls, data, where, bounds_are_errors=self.bounds_are_errors, of=of, also_known=known)
        self.faults += reading.faults
        self.diagnostics += reading.diagnostics
        return reading.settings

    def is_address(self, url: str, where: str) -> bool:
        """Whether a handler can have this address; what is only an error's remark elsewhere is a fault here."""
        refused, remarks = url_remarks(url, where)
        errors = [FlowError(each.where, each.message, each.hint) for each in remarks if each.severity == "error"]
        self.faults += [*refused, *errors]
        self.diagnostics += [each for each in remarks if each.severity != "error"]
        return not refused and not errors
