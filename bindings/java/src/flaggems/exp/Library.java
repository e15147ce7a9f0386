// SPDX-License-Identifier: Apache-2.0
package flaggems.exp;

/** Loads the native part: the file named by the system property flaggems.exp.native, else by the library path. */
final class Library {
    private Library() {}

    static void load() {
        String path = System.getProperty("flaggems.exp.native");
        if (path != null) {
            System.load(path);
        } else {
            System.loadLibrary("flaggems_exp_java");
        }
    }
}
