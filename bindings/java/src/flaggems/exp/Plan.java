// SPDX-License-Identifier: Apache-2.0
package flaggems.exp;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A decision bound once and run many times. */
public final class Plan extends Handle {
    Plan(Op op, Arguments arguments) {
        super(create(op, arguments), Native::fgx_plan_destroy, null);
    }

    private static long create(Op op, Arguments a) {
        long[] out = new long[1];
        Native.fgx_plan_create(op.address(), a.args, a.nargs, a.outs, a.nouts, out);
        Reference.reachabilityFence(a);
        Reference.reachabilityFence(op);
        return out[0];
    }

    /** Runs on tensors: inputs in schema order, then outputs. */
    public void run(Tensor... data) {
        ByteBuffer addresses = ByteBuffer.allocateDirect(8 * Math.max(data.length, 1)).order(ByteOrder.nativeOrder());
        for (int i = 0; i < data.length; i++) {
            addresses.putLong(8 * i, data[i] == null ? 0 : data[i].address);
        }
        Native.fgx_plan_run(address(), Native.fgx_java_buffer_address(addresses), data.length, 0);
        Reference.reachabilityFence(addresses);
        Reference.reachabilityFence(data);
        Reference.reachabilityFence(this);
    }

    public void refresh() {
        Native.fgx_plan_refresh(address());
        Reference.reachabilityFence(this);
    }

    public String implementation() {
        String name = Native.fgx_plan_implementation(address());
        Reference.reachabilityFence(this);
        return name;
    }
}
