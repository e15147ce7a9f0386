// SPDX-License-Identifier: Apache-2.0
package flaggems.exp;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Arguments and outputs of one call, laid out in native memory as the C ABI's two frozen structs (fgx_value, 24 bytes;
 * fgx_tensor, 48 bytes), so that a call is a single crossing. May be kept and used again with the same tensors.
 *
 * <p>Arguments are Tensor, Boolean, Long or Integer, Double or Float, String, long[], DType, a List of Tensors, or null.
 */
public final class Arguments {
    private static final int VALUE = 24;
    private static final int TENSOR = 48;

    final int nargs;
    final int nouts;
    final long args;
    final long outs;
    private final ByteBuffer memory;
    private final long base;
    private final Object[] keep; // the tensors' buffers must outlive the call
    private int used;

    public Arguments(Object[] arguments, Tensor... outputs) {
        nargs = arguments.length;
        nouts = outputs.length;
        keep = new Object[] {arguments.clone(), outputs.clone()};
        memory = ByteBuffer.allocateDirect(size(arguments, outputs)).order(ByteOrder.nativeOrder());
        base = Native.fgx_java_buffer_address(memory);
        int values = take(nargs * VALUE);
        for (int i = 0; i < nargs; i++) {
            put(values + i * VALUE, arguments[i]);
        }
        int pointers = take(nouts * 8);
        for (int i = 0; i < nouts; i++) {
            memory.putLong(pointers + 8 * i, outputs[i] == null ? 0 : tensor(outputs[i]));
        }
        args = base + values;
        outs = base + pointers;
    }

    private static int size(Object[] arguments, Tensor[] outputs) {
        int bytes = 64 + arguments.length * VALUE + outputs.length * 8;
        for (Object argument : arguments) {
            if (argument instanceof Tensor) {
                bytes += TENSOR + 8 * ((Tensor) argument).shape.length + 8;
            } else if (argument instanceof String) {
                bytes += ((String) argument).getBytes(StandardCharsets.UTF_8).length + 8;
            } else if (argument instanceof long[]) {
                bytes += 8 * ((long[]) argument).length + 8;
            } else if (argument instanceof List) {
                for (Object entry : (List<?>) argument) {
                    bytes += 8 + (entry == null ? 0 : TENSOR + 8 * ((Tensor) entry).shape.length + 8);
                }
            }
        }
        for (Tensor output : outputs) {
            bytes += output == null ? 0 : TENSOR + 8 * output.shape.length + 8;
        }
        return bytes;
    }

    private int take(int bytes) {
        int start = used;
        used += (bytes + 7) / 8 * 8;
        return start;
    }

    private long longs(long[] values) {
        int at = take(8 * values.length);
        for (int i = 0; i < values.length; i++) {
            memory.putLong(at + 8 * i, values[i]);
        }
        return base + at;
    }

    private long tensor(Tensor t) {
        long shape = longs(t.shape);
        int at = take(TENSOR);
        memory.putLong(at, t.address);
        memory.putInt(at + 8, 1); // CPU
        memory.putInt(at + 12, 0);
        memory.putInt(at + 16, t.shape.length);
        memory.putInt(at + 20, t.dtype.packed());
        memory.putLong(at + 24, shape);
        memory.putLong(at + 32, 0); // contiguous
        memory.putLong(at + 40, 0);
        return base + at;
    }

    private void head(int at, int tag, int size) {
        memory.putInt(at, tag);
        memory.putInt(at + 4, size);
    }

    private void put(int at, Object argument) {
        if (argument == null) {
            head(at, 0, 0);
        } else if (argument instanceof Boolean) {
            head(at, 1, 0);
            memory.putInt(at + 8, (Boolean) argument ? 1 : 0);
        } else if (argument instanceof Integer || argument instanceof Long) {
            head(at, 2, 0);
            memory.putLong(at + 8, ((Number) argument).longValue());
        } else if (argument instanceof Float || argument instanceof Double) {
            head(at, 3, 0);
            memory.putDouble(at + 8, ((Number) argument).doubleValue());
        } else if (argument instanceof String) {
            byte[] text = ((String) argument).getBytes(StandardCharsets.UTF_8);
            int start = take(text.length);
            for (int i = 0; i < text.length; i++) {
                memory.put(start + i, text[i]);
            }
            head(at, 5, text.length);
            memory.putLong(at + 8, base + start);
        } else if (argument instanceof Tensor) {
            head(at, 6, 0);
            memory.putLong(at + 8, tensor((Tensor) argument));
        } else if (argument instanceof long[]) {
            head(at, 7, ((long[]) argument).length);
            memory.putLong(at + 8, longs((long[]) argument));
        } else if (argument instanceof DType) {
            head(at, 12, 0);
            memory.putInt(at + 8, ((DType) argument).packed());
        } else if (argument instanceof List) {
            List<?> list = (List<?>) argument;
            int pointers = take(8 * list.size());
            boolean absent = false;
            for (int i = 0; i < list.size(); i++) {
                absent |= list.get(i) == null;
                memory.putLong(pointers + 8 * i, list.get(i) == null ? 0 : tensor((Tensor) list.get(i)));
            }
            head(at, absent ? 11 : 10, list.size());
            memory.putLong(at + 8, base + pointers);
        } else {
            throw new IllegalArgumentException("no argument can be a " + argument.getClass().getName());
        }
    }
}
