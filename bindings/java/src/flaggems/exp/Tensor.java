// SPDX-License-Identifier: Apache-2.0
package flaggems.exp;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A contiguous tensor over a direct buffer in native byte order; the buffer stays the caller's to read and write. */
public final class Tensor {
    final ByteBuffer buffer;
    final DType dtype;
    final long[] shape;
    final long address;

    private Tensor(ByteBuffer buffer, DType dtype, long[] shape) {
        this.buffer = buffer;
        this.dtype = dtype;
        this.shape = shape;
        this.address = Native.fgx_java_buffer_address(buffer);
    }

    /** Views a direct buffer, from its start; it must hold all elements. */
    public static Tensor of(ByteBuffer buffer, DType dtype, long... shape) {
        if (!buffer.isDirect()) {
            throw new IllegalArgumentException("a tensor needs a direct buffer");
        }
        long bytes = dtype.size();
        for (long extent : shape) {
            if (extent < 0) {
                throw new IllegalArgumentException("negative dimension " + extent);
            }
            bytes = Math.multiplyExact(bytes, extent);
        }
        if (buffer.capacity() < bytes) {
            throw new IllegalArgumentException("the buffer holds " + buffer.capacity() + " bytes, the tensor needs " + bytes);
        }
        return new Tensor(buffer.order(ByteOrder.nativeOrder()), dtype, shape.clone());
    }

    /** Allocates a zeroed tensor. */
    public static Tensor allocate(DType dtype, long... shape) {
        long bytes = dtype.size();
        for (long extent : shape) {
            bytes = Math.multiplyExact(bytes, extent);
        }
        return of(ByteBuffer.allocateDirect(Math.toIntExact(Math.max(bytes, 1))), dtype, shape);
    }

    public ByteBuffer buffer() {
        return buffer;
    }

    public DType dtype() {
        return dtype;
    }

    public long[] shape() {
        return shape.clone();
    }
}
