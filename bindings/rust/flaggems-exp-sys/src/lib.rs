// SPDX-License-Identifier: Apache-2.0
//! Declarations of libflaggems_exp's C ABI, generated from its one header.
//!
//! Everything here is `unsafe` in C's sense: handles are raw pointers, tensors are borrowed for the
//! duration of a call. The header's comments are the documentation; the few helpers below read
//! results and errors the way every caller needs.
#![allow(non_camel_case_types, non_upper_case_globals, non_snake_case)]
#![allow(clippy::all)]

include!("bindings.rs");

use std::ffi::CStr;
use std::fmt;

/// Detail of a failed call, copied from the thread's last error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    pub status: fgx_status,
    pub message: String,
    /// Qualified name of the operator, "" when none is to blame.
    pub operator: String,
    /// Index of the argument to blame, -1 when none.
    pub argument: i32,
}

impl Error {
    /// The status code's name, e.g. "InvalidArgument".
    pub fn status_name(&self) -> &'static str {
        // SAFETY: the text is static.
        unsafe { CStr::from_ptr(fgx_status_string(self.status)) }
            .to_str()
            .unwrap_or("Unknown")
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.status_name(), self.message)
    }
}

impl std::error::Error for Error {}

/// Turns a status into a result, with this thread's last error.
pub fn check(status: fgx_status) -> Result<(), Error> {
    if status == FGX_OK as fgx_status {
        return Ok(());
    }
    // SAFETY: the texts are borrowed until this thread's next failing call, and copied here.
    unsafe {
        let error = fgx_last_error();
        let text = |pointer| CStr::from_ptr(pointer).to_string_lossy().into_owned();
        Err(Error {
            status,
            message: text(fgx_error_message(error)),
            operator: text(fgx_error_operator(error)),
            argument: fgx_error_argument(error),
        })
    }
}

/// Copies the text of an `fgx_string` and frees it.
///
/// # Safety
/// `string` must come from the library and not be used again.
pub unsafe fn take_string(string: *mut fgx_string) -> String {
    let bytes = std::slice::from_raw_parts(fgx_string_data(string).cast::<u8>(), fgx_string_size(string));
    let text = String::from_utf8_lossy(bytes).into_owned();
    fgx_string_destroy(string);
    text
}
