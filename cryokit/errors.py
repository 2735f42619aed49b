"""Code, HTTP status and exit code of every error that cryokit raises on purpose."""


class CryokitError(Exception):
    """Base of all errors raised on purpose; its message says what came, what is allowed, what to do."""

    code, http_status, exit_code = "internal_error", 500, 1


class ConfigError(CryokitError):
    """The configuration cannot be used."""

    code, http_status, exit_code = "config_invalid", 500, 78


class InputError(CryokitError, ValueError):
    """A shape, unit, range, parameter or structure is not what is allowed."""

    code, http_status, exit_code = "invalid_input", 422, 11


class RowsError(InputError):
    """Rows of a table are not what is allowed; carries the line and the fault of each."""

    def __init__(self, message: str, problems: list[tuple[int, str]]) -> None:
        super().__init__(message)
        self.problems = problems


class NotFoundError(CryokitError, LookupError):
    """The thing asked for is not there."""

    code, http_status, exit_code = "not_found", 404, 12


class AccessError(CryokitError):
    """The caller may not do this."""

    code, http_status, exit_code = "access_denied", 403, 13


class ConflictError(CryokitError):
    """What is there already does not agree with what was asked."""

    code, http_status, exit_code = "conflict", 409, 14


class CancelledError(ConflictError):
    """Work ends before it is done, because its owner cancelled it."""


class IntegrityCheckError(CryokitError):
    """A check found orphans, a wrong checksum or a failed verification; carries the findings."""

    code, http_status, exit_code = "integrity_failed", 409, 15

    def __init__(self, message: str, findings: list[str] | None = None) -> None:
        super().__init__(message)
        self.findings = findings or []


class ModelError(CryokitError):
    """A model cannot be used: tampered artifact, other schema, gate not passed."""

    code, http_status, exit_code = "model_unusable", 422, 16


class ReportError(CryokitError):
    """A notebook did not run to its end; carries the cell, counted from 1, and its source."""

    code, http_status, exit_code = "report_failed", 500, 17

    def __init__(self, message: str, cell_index: int | None = None, cell_source: str = "") -> None:
        super().__init__(message)
        self.cell_index = cell_index
        self.cell_source = cell_source


class CommandError(CryokitError):
    """A program that cryokit started failed; carries arguments without secrets, status and last lines."""

    code, http_status, exit_code = "command_failed", 502, 18

    def __init__(self, message: str, argv: list[str], exit_status: int, last_lines: list[str]) -> None:
        super().__init__(message)
        self.argv = argv
        self.exit_status = exit_status
        self.last_lines = last_lines


class UnavailableError(CryokitError):
    """The database or a remote store does not answer; trying again may help."""

    code, http_status, exit_code = "unavailable", 503, 19


def sentence(error: CryokitError) -> str:
    """Return the message of an error as a sentence."""
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."
