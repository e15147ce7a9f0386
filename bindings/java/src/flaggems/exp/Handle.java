// SPDX-License-Identifier: Apache-2.0
package flaggems.exp;

import java.lang.ref.Cleaner;
import java.util.function.LongConsumer;

/** Owns one native handle: close() frees it once, and so does the garbage collector. */
abstract class Handle implements AutoCloseable {
    private static final Cleaner CLEANER = Cleaner.create();

    /** What is left to free; must not refer to the Handle. */
    private static final class State implements Runnable {
        private long address;
        private final LongConsumer free;
        private final Object keep;

        State(long address, LongConsumer free, Object keep) {
            this.address = address;
            this.free = free;
            this.keep = keep;
        }

        @Override
        public synchronized void run() {
            if (address != 0) {
                free.accept(address);
                address = 0;
            }
        }
    }

    private final State state;
    private final Cleaner.Cleanable cleanable;

    /** @param keep what must outlive the handle, or null */
    Handle(long address, LongConsumer free, Object keep) {
        state = new State(address, free, keep);
        cleanable = CLEANER.register(this, state);
    }

    /** The native address; callers fence this object until their native call is over. */
    final long address() {
        long address = state.address;
        if (address == 0) {
            throw new IllegalStateException("this " + getClass().getSimpleName() + " is closed");
        }
        return address;
    }

    /** Frees the native object; must not run while another thread uses it. */
    @Override
    public void close() {
        cleanable.clean();
    }
}
