// SPDX-License-Identifier: Apache-2.0
package flaggems.exp;

/** Element types that operators take, with DLPack's codes. */
public enum DType {
    BOOL(6, 8),
    UINT8(1, 8),
    INT8(0, 8),
    INT16(0, 16),
    INT32(0, 32),
    INT64(0, 64),
    FLOAT16(2, 16),
    BFLOAT16(4, 16),
    FLOAT32(2, 32),
    FLOAT64(2, 64);

    final int code;
    final int bits;

    DType(int code, int bits) {
        this.code = code;
        this.bits = bits;
    }

    /** Bytes of one element. */
    public int size() {
        return bits / 8;
    }

    /** fgx_dtype as the 32 bits it has in memory: code, bits, lanes = 1. */
    int packed() {
        return code | bits << 8 | 1 << 16;
    }
}
