// SPDX-License-Identifier: Apache-2.0
package flaggems.exp;

import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;

/** Metadata records of experimental implementations: a folder, an index file, or ":memory:". Documents are JSON text. */
public final class Registry extends Handle {
    public Registry(String path) {
        super(open(path), Native::fgx_registry_close, null);
    }

    private static long open(String path) {
        long[] out = new long[1];
        Native.fgx_registry_open(path, out);
        return out[0];
    }

    /** Adds a record; returns it as stored. */
    public String register(String record) {
        byte[][] out = new byte[1][];
        Native.fgx_registry_register(address(), record.getBytes(StandardCharsets.UTF_8), out);
        Reference.reachabilityFence(this);
        return new String(out[0], StandardCharsets.UTF_8);
    }

    /** A record by op_id, index key or unambiguous op_name. */
    public String get(String key) {
        byte[][] out = new byte[1][];
        Native.fgx_registry_get(address(), key, out);
        Reference.reachabilityFence(this);
        return new String(out[0], StandardCharsets.UTF_8);
    }

    /** Records that match a filter, as a JSON array. */
    public String query(String filter) {
        byte[][] out = new byte[1][];
        Native.fgx_registry_query(address(), filter, out);
        Reference.reachabilityFence(this);
        return new String(out[0], StandardCharsets.UTF_8);
    }
}
