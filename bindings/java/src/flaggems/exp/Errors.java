// SPDX-License-Identifier: Apache-2.0
package flaggems.exp;

import java.nio.charset.StandardCharsets;

/** Exceptions of libflaggems_exp: the same tree as its status codes. */
public final class Errors {
    private Errors() {}

    /** A call failed. */
    public static class ExperimentalError extends RuntimeException {
        private final transient Detail detail;

        ExperimentalError(Detail detail) {
            super(detail.message);
            this.detail = detail;
        }

        /** The status code's name, e.g. "InvalidArgument". */
        public String status() {
            return detail.status;
        }

        /** Qualified name of the operator, "" when none is to blame. */
        public String operator() {
            return detail.operator;
        }

        /** Index of the argument to blame, -1 when none. */
        public int argument() {
            return detail.argument;
        }
    }

    /** Something is wrong with metadata. */
    public static class MetadataError extends ExperimentalError {
        MetadataError(Detail detail) {
            super(detail);
        }
    }

    /** An unknown operator, implementation or record. */
    public static class MetadataNotFoundError extends MetadataError {
        MetadataNotFoundError(Detail detail) {
            super(detail);
        }
    }

    /** A record or document breaks its schema. */
    public static class MetadataInvalidError extends MetadataError {
        MetadataInvalidError(Detail detail) {
            super(detail);
        }
    }

    /** Stored metadata is damaged. */
    public static class MetadataCorruptedError extends MetadataError {
        MetadataCorruptedError(Detail detail) {
            super(detail);
        }
    }

    /** No implementation could serve the call. */
    public static class DispatchError extends ExperimentalError {
        DispatchError(Detail detail) {
            super(detail);
        }
    }

    /** Every candidate was rejected; explain tells why. */
    public static class NoValidImplementationError extends DispatchError {
        NoValidImplementationError(Detail detail) {
            super(detail);
        }
    }

    /** Every candidate that was tried failed. */
    public static class FallbackFailedError extends DispatchError {
        FallbackFailedError(Detail detail) {
            super(detail);
        }
    }

    /** No implementation takes these shapes. */
    public static class ShapeNotSupportedError extends DispatchError {
        ShapeNotSupportedError(Detail detail) {
            super(detail);
        }
    }

    /** A change of status is not possible. */
    public static class GraduationError extends ExperimentalError {
        GraduationError(Detail detail) {
            super(detail);
        }
    }

    /** Graduation gates are not met. */
    public static class NotEligibleError extends GraduationError {
        NotEligibleError(Detail detail) {
            super(detail);
        }
    }

    /** Evidence speaks against a change of status. */
    public static class ValidationFailedError extends GraduationError {
        ValidationFailedError(Detail detail) {
            super(detail);
        }
    }

    /** An argument is wrong; nothing was launched. */
    public static class InvalidArgumentError extends ExperimentalError {
        InvalidArgumentError(Detail detail) {
            super(detail);
        }
    }

    /** Legal, but not implemented by this build or machine. */
    public static class UnsupportedError extends ExperimentalError {
        UnsupportedError(Detail detail) {
            super(detail);
        }
    }

    /** Host or device memory is exhausted. */
    public static class OutOfMemoryError extends ExperimentalError {
        OutOfMemoryError(Detail detail) {
            super(detail);
        }
    }

    /** A file could not be read or written. */
    public static class IoError extends ExperimentalError {
        IoError(Detail detail) {
            super(detail);
        }
    }

    /** A path or trust rule forbids it. */
    public static class PermissionDeniedError extends ExperimentalError {
        PermissionDeniedError(Detail detail) {
            super(detail);
        }
    }

    /** A hash or checksum does not match. */
    public static class IntegrityError extends ExperimentalError {
        IntegrityError(Detail detail) {
            super(detail);
        }
    }

    /** Source did not compile. */
    public static class CompileError extends ExperimentalError {
        CompileError(Detail detail) {
            super(detail);
        }
    }

    /** A deadline passed. */
    public static class DeadlineError extends ExperimentalError {
        DeadlineError(Detail detail) {
            super(detail);
        }
    }

    /** The device or its driver reported a fault. */
    public static class DeviceError extends ExperimentalError {
        DeviceError(Detail detail) {
            super(detail);
        }
    }

    /** Cold work is needed where none is allowed. */
    public static class NotPreparedError extends ExperimentalError {
        NotPreparedError(Detail detail) {
            super(detail);
        }
    }

    /** A run breaks an assumption its plan was bound with. */
    public static class PlanMismatchError extends ExperimentalError {
        PlanMismatchError(Detail detail) {
            super(detail);
        }
    }

    /** The plan's implementation was retired; refresh it. */
    public static class PlanStaleError extends ExperimentalError {
        PlanStaleError(Detail detail) {
            super(detail);
        }
    }

    /** A failed call may have changed its in-place operands. */
    public static class OutputsUndefinedError extends ExperimentalError {
        OutputsUndefinedError(Detail detail) {
            super(detail);
        }
    }

    /** A defect of the library. */
    public static class InternalError extends ExperimentalError {
        InternalError(Detail detail) {
            super(detail);
        }
    }

    /** What the library said. */
    static final class Detail {
        final String status;
        final String message;
        final String operator;
        final int argument;

        Detail(String status, String message, String operator, int argument) {
            this.status = status;
            this.message = message;
            this.operator = operator;
            this.argument = argument;
        }
    }

    /** The exception for a status code; called by the native part. */
    static RuntimeException make(int code, String status, byte[] message, String operator, int argument) {
        Detail detail = new Detail(status, new String(message, StandardCharsets.UTF_8), operator, argument);
        switch (code) {
            case 111: return new MetadataNotFoundError(detail);
            case 112: return new MetadataInvalidError(detail);
            case 113: return new MetadataCorruptedError(detail);
            case 121: return new NoValidImplementationError(detail);
            case 122: return new FallbackFailedError(detail);
            case 123: return new ShapeNotSupportedError(detail);
            case 131: return new NotEligibleError(detail);
            case 132: return new ValidationFailedError(detail);
            case 1: return new InvalidArgumentError(detail);
            case 2: return new UnsupportedError(detail);
            case 3: return new OutOfMemoryError(detail);
            case 4: return new IoError(detail);
            case 5: return new PermissionDeniedError(detail);
            case 6: return new IntegrityError(detail);
            case 7: return new CompileError(detail);
            case 8: return new DeadlineError(detail);
            case 9: return new DeviceError(detail);
            case 10: return new NotPreparedError(detail);
            case 11: return new PlanMismatchError(detail);
            case 12: return new PlanStaleError(detail);
            case 13: return new OutputsUndefinedError(detail);
            case 14: return new InternalError(detail);
            default: return new ExperimentalError(detail);
        }
    }
}
