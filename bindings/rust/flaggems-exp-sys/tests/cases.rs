// SPDX-License-Identifier: Apache-2.0
//! Runs the case file that all bindings share, and creates and destroys handles in every order.
use flaggems_exp_sys::*;
use std::ffi::CString;
use std::ptr::{null, null_mut};

/// A tensor with the memory it views.
struct Array {
    data: Vec<u8>,
    shape: Vec<i64>,
    dtype: fgx_dtype,
}

const FLOAT32: fgx_dtype = fgx_dtype { code: FGX_DTYPE_FLOAT as u8, bits: 32, lanes: 1 };

fn dtype(name: &str) -> fgx_dtype {
    let (code, bits) = match name {
        "float32" => return FLOAT32,
        "float64" => (FGX_DTYPE_FLOAT, 64),
        "int32" => (FGX_DTYPE_INT, 32),
        "int64" => (FGX_DTYPE_INT, 64),
        "bool" => (FGX_DTYPE_BOOL, 8),
        _ => panic!("unknown dtype {name}"),
    };
    fgx_dtype { code: code as u8, bits, lanes: 1 }
}

impl Array {
    fn parse(words: &[&str]) -> Array {
        let dtype = dtype(words[0]);
        let shape: Vec<i64> = match words[1] {
            "scalar" => vec![],
            text => text.split(',').map(|n| n.parse().unwrap()).collect(),
        };
        let mut array = Array { data: vec![], shape, dtype };
        for word in &words[2..] {
            array.push(word.parse().unwrap());
        }
        let needed = array.numel() * usize::from(dtype.bits / 8);
        array.data.resize(needed, 0x7f);
        array
    }
    fn numel(&self) -> usize {
        self.shape.iter().product::<i64>() as usize
    }
    fn push(&mut self, value: f64) {
        match (u32::from(self.dtype.code), self.dtype.bits) {
            (FGX_DTYPE_FLOAT_U, 32) => self.data.extend((value as f32).to_ne_bytes()),
            (FGX_DTYPE_FLOAT_U, _) => self.data.extend(value.to_ne_bytes()),
            (_, 32) => self.data.extend((value as i32).to_ne_bytes()),
            (_, 64) => self.data.extend((value as i64).to_ne_bytes()),
            _ => self.data.push(value as u8),
        }
    }
    fn values(&self) -> Vec<f64> {
        let size = usize::from(self.dtype.bits / 8);
        self.data
            .chunks_exact(size)
            .map(|b| match (u32::from(self.dtype.code), self.dtype.bits) {
                (FGX_DTYPE_FLOAT_U, 32) => f32::from_ne_bytes(b.try_into().unwrap()).into(),
                (FGX_DTYPE_FLOAT_U, _) => f64::from_ne_bytes(b.try_into().unwrap()),
                (_, 32) => i32::from_ne_bytes(b.try_into().unwrap()).into(),
                (_, 64) => i64::from_ne_bytes(b.try_into().unwrap()) as f64,
                _ => b[0].into(),
            })
            .collect()
    }
    fn view(&mut self) -> fgx_tensor {
        fgx_tensor {
            data: self.data.as_mut_ptr().cast(),
            device: fgx_device { type_: FGX_DEVICE_CPU as i32, id: 0 },
            ndim: self.shape.len() as i32,
            dtype: self.dtype,
            shape: self.shape.as_mut_ptr(),
            strides: null_mut(),
            byte_offset: 0,
        }
    }
}

const FGX_DTYPE_FLOAT_U: u32 = FGX_DTYPE_FLOAT as u32;

#[derive(Default)]
struct Case {
    title: String,
    action: Vec<String>,
    arguments: Vec<Vec<String>>,
    outputs: Vec<Vec<String>>,
    tolerance: f64,
    error: Option<(String, String, i32, String)>,
}

fn cases() -> Vec<Case> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/bindings/cases.txt");
    let mut cases: Vec<Case> = vec![];
    for line in std::fs::read_to_string(path).unwrap().lines() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        if word == "case" {
            cases.push(Case { title: rest.into(), ..Default::default() });
            continue;
        }
        let case = cases.last_mut().unwrap();
        let words: Vec<String> = line.split(' ').map(String::from).collect();
        match word {
            "op" | "lookup" | "config" => case.action = words,
            "out" => case.outputs.push(words[1..].to_vec()),
            "tolerance" => case.tolerance = rest.parse().unwrap(),
            "error" => {
                let parts: Vec<&str> = rest.splitn(4, ' ').collect();
                let op = if parts[1] == "-" { "" } else { parts[1] };
                case.error =
                    Some((parts[0].into(), op.into(), parts[2].parse().unwrap(), parts[3].into()));
            }
            _ => case.arguments.push(words),
        }
    }
    cases
}

/// Runs one case; Ok holds what is wrong with its outputs, if anything.
fn run(context: *mut fgx_context, case: &Case) -> Result<Option<String>, Error> {
    let name = CString::new(case.action[1].as_str()).unwrap();
    let mut op = null_mut();
    if case.action[0] == "config" {
        let value = CString::new(case.action[2].as_str()).unwrap();
        check(unsafe { fgx_context_set_config(context, name.as_ptr(), value.as_ptr()) })?;
        return Ok(None);
    }
    check(unsafe { fgx_context_get_op(context, name.as_ptr(), &mut op) })?;

    // Everything the values point to lives in these until the call is over.
    let mut arrays: Vec<Box<Array>> = vec![];
    let mut views: Vec<Box<fgx_tensor>> = vec![];
    let mut lists: Vec<Vec<*const fgx_tensor>> = vec![];
    let mut ints: Vec<Vec<i64>> = vec![];
    let mut values: Vec<fgx_value> = vec![];
    let mut open_list = 0usize;
    for words in &case.arguments {
        let mut value: fgx_value = unsafe { std::mem::zeroed() };
        match words[0].as_str() {
            "tensor" => {
                let words: Vec<&str> = words[1..].iter().map(String::as_str).collect();
                arrays.push(Box::new(Array::parse(&words)));
                let view = arrays.last_mut().unwrap().view();
                views.push(Box::new(view));
                let pointer: *const fgx_tensor = &**views.last().unwrap();
                if open_list > 0 {
                    open_list -= 1;
                    lists.last_mut().unwrap().push(pointer);
                    continue;
                }
                value.tag = FGX_TAG_TENSOR as i32;
                value.as_.tensor = pointer;
            }
            "tensors" => {
                open_list = words[1].parse().unwrap();
                lists.push(Vec::with_capacity(open_list));
                value.tag = FGX_TAG_TENSOR_LIST as i32;
                value.size = open_list as u32;
                value.as_.tensors = lists.last().unwrap().as_ptr();
            }
            "int" => {
                value.tag = FGX_TAG_INT as i32;
                value.as_.integer = words[1].parse().unwrap();
            }
            "bool" => {
                value.tag = FGX_TAG_BOOL as i32;
                value.as_.boolean = words[1].parse().unwrap();
            }
            "float" => {
                value.tag = FGX_TAG_FLOAT as i32;
                value.as_.real = words[1].parse().unwrap();
            }
            "string" => {
                value.tag = FGX_TAG_STRING as i32;
                value.size = words[1].len() as u32;
                value.as_.string = words[1].as_ptr().cast();
            }
            "ints" => {
                ints.push(words[1].split(',').map(|n| n.parse().unwrap()).collect());
                value.tag = FGX_TAG_INT_LIST as i32;
                value.size = ints.last().unwrap().len() as u32;
                value.as_.ints = ints.last().unwrap().as_ptr();
            }
            "dtype" => {
                value.tag = FGX_TAG_DTYPE as i32;
                value.as_.dtype = dtype(&words[1]);
            }
            "none" => {}
            other => panic!("unknown argument kind {other}"),
        }
        values.push(value);
    }
    let mut outputs: Vec<(usize, Vec<f64>)> = vec![]; // index in arrays, what is expected
    let mut outs: Vec<*mut fgx_tensor> = vec![];
    for words in &case.outputs {
        let index;
        let expected: Vec<f64>;
        if let Some(argument) = words[0].strip_prefix('@') {
            index = argument.parse().unwrap();
            expected = words[1..].iter().map(|w| w.parse().unwrap()).collect();
        } else {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            expected = Array::parse(&words).values();
            arrays.push(Box::new(Array::parse(&words[..2])));
            index = arrays.len() - 1;
            let view = arrays[index].view();
            views.push(Box::new(view));
        }
        outs.push(&mut *views[index]);
        outputs.push((index, expected));
    }
    check(unsafe {
        fgx_op_call(op, values.as_ptr(), values.len() as i32, outs.as_ptr(), outs.len() as i32, null_mut())
    })?;
    for (index, expected) in outputs {
        let actual = arrays[index].values();
        let close = actual.len() == expected.len()
            && actual.iter().zip(&expected).all(|(a, e)| (a - e).abs() <= case.tolerance);
        if !close {
            return Ok(Some(format!("got {actual:?}, expected {expected:?}")));
        }
    }
    Ok(None)
}

fn new_context() -> *mut fgx_context {
    let mut context = null_mut();
    check(unsafe { fgx_context_create(null(), &mut context) }).unwrap();
    context
}

#[test]
fn every_case_holds() {
    let context = new_context();
    let mut faults = vec![];
    let all = cases();
    assert!(all.len() >= 30, "the case file is short: {}", all.len());
    for case in &all {
        match (run(context, case), &case.error) {
            (Ok(None), None) => {}
            (Ok(Some(fault)), _) => faults.push(format!("{}: {fault}", case.title)),
            (Ok(None), Some(_)) => faults.push(format!("{}: succeeded", case.title)),
            (Err(error), None) => faults.push(format!("{}: {error}", case.title)),
            (Err(error), Some((status, op, argument, message))) => {
                let got = (error.status_name(), error.operator.as_str(), error.argument, error.message.as_str());
                if got != (status.as_str(), op.as_str(), *argument, message.as_str()) {
                    faults.push(format!("{}: {got:?}", case.title));
                }
            }
        }
    }
    unsafe { fgx_context_destroy(context) };
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn handles_die_in_any_order() {
    // SAFETY: a plan keeps what it needs; a registry must outlive its context, so it goes last.
    unsafe {
        let context = new_context();
        let name = CString::new("relu").unwrap();
        let mut op = null_mut();
        check(fgx_context_get_op(context, name.as_ptr(), &mut op)).unwrap();
        let mut x = Array { data: vec![0; 12], shape: vec![3], dtype: FLOAT32 };
        let mut y = Array { data: vec![0; 12], shape: vec![3], dtype: FLOAT32 };
        let x_view = x.view();
        let mut y_view = y.view();
        let mut value: fgx_value = std::mem::zeroed();
        value.tag = FGX_TAG_TENSOR as i32;
        value.as_.tensor = &x_view;
        let outs = [&mut y_view as *mut fgx_tensor];
        let mut plan = null_mut();
        check(fgx_plan_create(op, &value, 1, outs.as_ptr(), 1, &mut plan)).unwrap();
        fgx_context_destroy(context);
        let data = [x.data.as_mut_ptr().cast(), y.data.as_mut_ptr().cast()];
        check(fgx_plan_run(plan, data.as_ptr(), 2, null_mut())).unwrap();
        fgx_plan_destroy(plan);

        fgx_context_destroy(null_mut());
        fgx_plan_destroy(null_mut());
        fgx_registry_close(null_mut());
        fgx_string_destroy(null_mut());
        fgx_error_destroy(null_mut());
    }
}

#[test]
fn errors_belong_to_their_thread() {
    let context = new_context() as usize;
    let threads: Vec<_> = (0..4)
        .map(|i| {
            std::thread::spawn(move || {
                for _ in 0..200 {
                    let name = CString::new(format!("no_such_operator_{i}")).unwrap();
                    let mut op = null_mut();
                    let status =
                        unsafe { fgx_context_get_op(context as *mut fgx_context, name.as_ptr(), &mut op) };
                    let error = check(status).unwrap_err();
                    assert_eq!(error.status_name(), "MetadataNotFound");
                    assert!(error.message.contains(&format!("no_such_operator_{i}")), "{error}");
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    unsafe { fgx_context_destroy(context as *mut fgx_context) };
}
