// SPDX-License-Identifier: Apache-2.0
//! Finds the shared library: FLAGGEMS_EXP_LIB_DIR, else pkg-config, else the linker's own paths.
use std::{env, process::Command};

fn main() {
    println!("cargo:rerun-if-env-changed=FLAGGEMS_EXP_LIB_DIR");
    println!("cargo:rustc-link-lib=dylib=flaggems_exp");
    let folder = env::var("FLAGGEMS_EXP_LIB_DIR").ok().or_else(|| {
        let output = Command::new("pkg-config")
            .args(["--variable=libdir", "flaggems_exp"])
            .output()
            .ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
    });
    if let Some(folder) = folder {
        println!("cargo:rustc-link-search=native={folder}");
        println!("cargo:rustc-link-arg=-Wl,-rpath,{folder}");
    }
}
