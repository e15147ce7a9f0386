# SPDX-License-Identifier: Apache-2.0
"""Exceptions of libflaggems_exp: the same tree as its status codes."""


class ExperimentalError(Exception):
    """A call failed. `status` is the code's name, `operator` and `argument` say where (may be "" and -1)."""

    status = ""
    operator = ""
    argument = -1


class MetadataError(ExperimentalError):
    """Something is wrong with metadata."""


class MetadataNotFoundError(MetadataError):
    """An unknown operator, implementation or record."""


class MetadataInvalidError(MetadataError):
    """A record or document breaks its schema."""


class MetadataCorruptedError(MetadataError):
    """Stored metadata is damaged."""


class DispatchError(ExperimentalError):
    """No implementation could serve the call."""


class NoValidImplementationError(DispatchError):
    """Every candidate was rejected; explain tells why."""


class FallbackFailedError(DispatchError):
    """Every candidate that was tried failed."""


class ShapeNotSupportedError(DispatchError):
    """No implementation takes these shapes."""


class GraduationError(ExperimentalError):
    """A change of status is not possible."""


class NotEligibleError(GraduationError):
    """Graduation gates are not met."""


class ValidationFailedError(GraduationError):
    """Evidence speaks against a change of status."""


class InvalidArgumentError(ExperimentalError, ValueError):
    """An argument is wrong; nothing was launched."""


class UnsupportedError(ExperimentalError, NotImplementedError):
    """Legal, but not implemented by this build or machine."""


class OutOfMemoryError(ExperimentalError, MemoryError):
    """Host or device memory is exhausted."""


class IoError(ExperimentalError, OSError):
    """A file could not be read or written."""


class PermissionDeniedError(ExperimentalError, PermissionError):
    """A path or trust rule forbids it."""


class IntegrityError(ExperimentalError):
    """A hash or checksum does not match."""


class CompileError(ExperimentalError):
    """Source did not compile."""


class DeadlineError(ExperimentalError, TimeoutError):
    """A deadline passed."""


class DeviceError(ExperimentalError):
    """The device or its driver reported a fault."""


class NotPreparedError(ExperimentalError):
    """Cold work is needed where none is allowed."""


class PlanMismatchError(ExperimentalError):
    """A run breaks an assumption its plan was bound with."""


class PlanStaleError(ExperimentalError):
    """The plan's implementation was retired; refresh it."""


class OutputsUndefinedError(ExperimentalError):
    """A failed call may have changed its in-place operands."""


class InternalError(ExperimentalError):
    """A defect of the library."""


_CLASSES = {
    1: InvalidArgumentError,
    2: UnsupportedError,
    3: OutOfMemoryError,
    4: IoError,
    5: PermissionDeniedError,
    6: IntegrityError,
    7: CompileError,
    8: DeadlineError,
    9: DeviceError,
    10: NotPreparedError,
    11: PlanMismatchError,
    12: PlanStaleError,
    13: OutputsUndefinedError,
    14: InternalError,
    111: MetadataNotFoundError,
    112: MetadataInvalidError,
    113: MetadataCorruptedError,
    121: NoValidImplementationError,
    122: FallbackFailedError,
    123: ShapeNotSupportedError,
    131: NotEligibleError,
    132: ValidationFailedError,
}


def make(code, status, message, operator, argument, cause):
    """The exception for a status code; called by the native module."""
    error = _CLASSES.get(code, ExperimentalError)(message)
    error.status, error.operator, error.argument = status, operator, argument
    if cause is not None:
        error.__cause__ = ExperimentalError(cause)
    return error
