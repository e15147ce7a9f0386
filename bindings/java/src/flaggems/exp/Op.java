// SPDX-License-Identifier: Apache-2.0
package flaggems.exp;

import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;

/** One operator; keeps its context alive. */
public final class Op {
    final Context context;
    private final long handle;

    Op(Context context, long handle) {
        this.context = context;
        this.handle = handle;
    }

    long address() {
        context.address(); // closed contexts take their operators along
        return handle;
    }

    public String name() {
        return Native.fgx_op_name(address());
    }

    public String schema() {
        return Native.fgx_op_schema(address());
    }

    /** Runs the operator: arguments in the schema's order, outputs allocated by the caller. */
    public void call(Object[] arguments, Tensor... outputs) {
        call(new Arguments(arguments, outputs));
    }

    /** The same, with arguments laid out before. */
    public void call(Arguments a) {
        Native.fgx_op_call(address(), a.args, a.nargs, a.outs, a.nouts, 0);
        Reference.reachabilityFence(a);
        Reference.reachabilityFence(this);
    }

    /** Who would be chosen and who is rejected, each with its reason, as JSON. */
    public String explain(Object... arguments) {
        Arguments a = new Arguments(arguments);
        byte[][] out = new byte[1][];
        Native.fgx_op_explain(address(), a.args, a.nargs, a.outs, 0, out);
        Reference.reachabilityFence(a);
        Reference.reachabilityFence(this);
        return new String(out[0], StandardCharsets.UTF_8);
    }

    /** Binds a decision for these arguments. */
    public Plan plan(Object[] arguments, Tensor... outputs) {
        return new Plan(this, new Arguments(arguments, outputs));
    }
}
