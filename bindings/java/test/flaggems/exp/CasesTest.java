// SPDX-License-Identifier: Apache-2.0
package flaggems.exp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Runs the case file that all bindings share, and closes handles in every order. */
final class CasesTest {
    private static final class Case {
        String title;
        String[] action;
        final List<String[]> arguments = new ArrayList<>();
        final List<String[]> outputs = new ArrayList<>();
        double tolerance;
        String[] error;
    }

    private static List<Case> cases() throws IOException {
        List<Case> cases = new ArrayList<>();
        for (String line : Files.readAllLines(Paths.get(System.getProperty("flaggems.exp.cases")))) {
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            String[] words = line.split(" ");
            Case current = cases.isEmpty() ? null : cases.get(cases.size() - 1);
            switch (words[0]) {
                case "case":
                    current = new Case();
                    current.title = line.substring(5);
                    cases.add(current);
                    break;
                case "op":
                case "lookup":
                case "config":
                    current.action = words;
                    break;
                case "out":
                    current.outputs.add(words);
                    break;
                case "tolerance":
                    current.tolerance = Double.parseDouble(words[1]);
                    break;
                case "error":
                    current.error = line.split(" ", 5);
                    break;
                default:
                    current.arguments.add(words);
            }
        }
        return cases;
    }

    private static Tensor tensor(String dtypeName, String shapeText) {
        DType dtype = DType.valueOf(dtypeName.toUpperCase());
        String[] parts = shapeText.equals("scalar") ? new String[0] : shapeText.split(",");
        long[] shape = new long[parts.length];
        for (int i = 0; i < parts.length; i++) {
            shape[i] = Long.parseLong(parts[i]);
        }
        return Tensor.allocate(dtype, shape);
    }

    private static void put(Tensor t, int index, double value) {
        ByteBuffer b = t.buffer();
        switch (t.dtype()) {
            case FLOAT32: b.putFloat(4 * index, (float) value); break;
            case FLOAT64: b.putDouble(8 * index, value); break;
            case INT32: b.putInt(4 * index, (int) value); break;
            case INT64: b.putLong(8 * index, (long) value); break;
            default: b.put(index, (byte) value);
        }
    }

    private static double get(Tensor t, int index) {
        ByteBuffer b = t.buffer();
        switch (t.dtype()) {
            case FLOAT32: return b.getFloat(4 * index);
            case FLOAT64: return b.getDouble(8 * index);
            case INT32: return b.getInt(4 * index);
            case INT64: return b.getLong(8 * index);
            default: return b.get(index);
        }
    }

    private static Tensor filled(String[] words) {
        Tensor t = tensor(words[1], words[2]);
        for (int i = 3; i < words.length; i++) {
            put(t, i - 3, Double.parseDouble(words[i]));
        }
        return t;
    }

    private static Object argument(Case c, int[] at) {
        String[] words = c.arguments.get(at[0]++);
        switch (words[0]) {
            case "tensor": return filled(words);
            case "int": return Long.valueOf(words[1]);
            case "float": return Double.valueOf(words[1]);
            case "bool": return words[1].equals("1");
            case "string": return words[1];
            case "dtype": return DType.valueOf(words[1].toUpperCase());
            case "none": return null;
            case "ints": {
                String[] parts = words[1].split(",");
                long[] list = new long[parts.length];
                for (int i = 0; i < parts.length; i++) {
                    list[i] = Long.parseLong(parts[i]);
                }
                return list;
            }
            case "tensors": {
                List<Object> list = new ArrayList<>();
                for (int i = Integer.parseInt(words[1]); i > 0; i--) {
                    list.add(argument(c, at));
                }
                return list;
            }
            default: throw new IllegalArgumentException(words[0]);
        }
    }

    private static void run(Context context, Case c) {
        if (c.action[0].equals("config")) {
            context.set(c.action[1], c.action[2]);
            return;
        }
        Op op = context.op(c.action[1]);
        List<Object> arguments = new ArrayList<>();
        int[] at = {0};
        while (at[0] < c.arguments.size()) {
            arguments.add(argument(c, at));
        }
        Tensor[] outputs = new Tensor[c.outputs.size()];
        for (int i = 0; i < outputs.length; i++) {
            String[] words = c.outputs.get(i);
            outputs[i] = words[1].startsWith("@")
                    ? (Tensor) arguments.get(Integer.parseInt(words[1].substring(1)))
                    : tensor(words[1], words[2]);
        }
        op.call(arguments.toArray(), outputs);
        for (int i = 0; i < outputs.length; i++) {
            String[] words = c.outputs.get(i);
            int first = words[1].startsWith("@") ? 2 : 3;
            for (int j = first; j < words.length; j++) {
                assertEquals(Double.parseDouble(words[j]), get(outputs[i], j - first), c.tolerance, c.title);
            }
        }
    }

    @Test
    void everyCaseHolds() throws IOException {
        List<Case> all = cases();
        assertTrue(all.size() >= 30, "the case file is short");
        try (Context context = new Context()) {
            for (Case c : all) {
                if (c.error == null) {
                    run(context, c);
                    continue;
                }
                Errors.ExperimentalError e =
                        assertThrows(Errors.ExperimentalError.class, () -> run(context, c), c.title);
                assertEquals(c.error[1], e.status(), c.title);
                assertEquals(c.error[2].equals("-") ? "" : c.error[2], e.operator(), c.title);
                assertEquals(Integer.parseInt(c.error[3]), e.argument(), c.title);
                assertEquals(c.error[4], e.getMessage(), c.title);
            }
        }
    }

    @Test
    void handlesCloseInAnyOrder() {
        Tensor x = Tensor.allocate(DType.FLOAT32, 2);
        Tensor y = Tensor.allocate(DType.FLOAT32, 2);
        x.buffer().putFloat(0, -1f).putFloat(4, 3f);
        Registry registry = new Registry(":memory:");
        Context context = new Context(registry, null);
        Op relu = context.op("relu");
        Plan plan = relu.plan(new Object[] {x}, y);
        context.close();
        registry.close();
        plan.run(x, y);
        assertEquals(3f, y.buffer().getFloat(4));
        assertThrows(IllegalStateException.class, () -> relu.call(new Object[] {x}, y));
        plan.close();
        plan.close();
        context.close();
    }

    @Test
    void forgottenHandlesAreFreed() {
        for (int i = 0; i < 200; i++) {
            new Context().op("relu").plan(new Object[] {Tensor.allocate(DType.FLOAT32, 1)},
                    Tensor.allocate(DType.FLOAT32, 1));
        }
        System.gc();
    }

    @Test
    void threadsShareAContext() throws InterruptedException {
        try (Context context = new Context()) {
            List<Throwable> faults = new ArrayList<>();
            List<Thread> threads = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                int seed = t;
                Thread thread = new Thread(() -> {
                    try {
                        Op add = context.op("add");
                        Tensor a = Tensor.allocate(DType.FLOAT32, 1);
                        Tensor b = Tensor.allocate(DType.FLOAT32, 1);
                        for (int i = 0; i < 1000; i++) {
                            a.buffer().putFloat(0, i);
                            add.call(new Object[] {a, seed}, b);
                            assertEquals(i + seed, b.buffer().getFloat(0));
                            String wrong = "no_such_operator_" + seed;
                            Errors.MetadataNotFoundError e =
                                    assertThrows(Errors.MetadataNotFoundError.class, () -> context.op(wrong));
                            assertTrue(e.getMessage().contains(wrong));
                        }
                    } catch (Throwable e) {
                        synchronized (faults) {
                            faults.add(e);
                        }
                    }
                });
                threads.add(thread);
                thread.start();
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertTrue(faults.isEmpty(), faults.toString());
        }
    }

    @Test
    void shortBuffersAreRefused() {
        assertThrows(IllegalArgumentException.class,
                () -> Tensor.of(ByteBuffer.allocateDirect(7), DType.FLOAT32, 2));
        assertThrows(IllegalArgumentException.class,
                () -> Tensor.of(ByteBuffer.allocate(8), DType.FLOAT32, 2));
    }
}
