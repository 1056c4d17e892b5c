//! core.rs: what rustc makes of a library for wasm32-unknown-unknown; tests/toolchains.py builds and calls it.
//! Closures, trait objects, generics, collections, formatting, iterators.
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt::Write;

trait Shape {
    fn area(&self) -> f64;
    fn name(&self) -> String {
        String::from("shape")
    }
}

struct Square(f64);
struct Circle {
    radius: f64,
}

impl Shape for Square {
    fn area(&self) -> f64 {
        self.0 * self.0
    }
    fn name(&self) -> String {
        format!("square {:.1}", self.0)
    }
}

impl Shape for Circle {
    fn area(&self) -> f64 {
        self.radius * self.radius * 3.25
    }
}

#[no_mangle]
pub extern "C" fn shapes(count: u32) -> f64 {
    let shapes: Vec<Box<dyn Shape>> = (0..count)
        .map(|i| -> Box<dyn Shape> {
            if i % 3 == 0 { Box::new(Square(i as f64)) } else { Box::new(Circle { radius: i as f64 / 2.0 }) }
        })
        .collect();
    shapes.iter().map(|shape| shape.area() + shape.name().len() as f64).sum()
}

fn compose(functions: Vec<Box<dyn Fn(i64) -> i64>>) -> impl Fn(i64) -> i64 {
    move |x| functions.iter().fold(x, |value, function| function(value))
}

#[no_mangle]
pub extern "C" fn closures(seed: i64, rounds: i32) -> i64 {
    let mut functions: Vec<Box<dyn Fn(i64) -> i64>> = Vec::new();
    for i in 0..rounds as i64 {
        match i % 4 {
            0 => functions.push(Box::new(move |x| x.wrapping_mul(31).wrapping_add(i))),
            1 => functions.push(Box::new(move |x| x ^ (x >> 7) ^ i)),
            2 => functions.push(Box::new(i64::swap_bytes)),
            _ => functions.push(Box::new(move |x| x.rotate_left(i as u32 % 64))),
        }
    }
    compose(functions)(seed)
}

#[no_mangle]
pub extern "C" fn collections(count: u32) -> u64 {
    let mut counts: HashMap<String, u32> = HashMap::new();
    let mut order: BTreeMap<u32, VecDeque<String>> = BTreeMap::new();
    for i in 0..count {
        let key = format!("key-{:03x}", i * i % 101);
        *counts.entry(key.clone()).or_insert(0) += 1;
        order.entry(i % 10).or_default().push_front(key);
    }
    let mut text = String::new();
    for (key, values) in &order {
        write!(text, "{}:{};", key, values.iter().take(3).cloned().collect::<Vec<_>>().join(",")).unwrap();
    }
    let mut sorted: Vec<_> = counts.into_iter().collect();
    sorted.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    for (key, value) in sorted {
        write!(text, "{key}={value} ").unwrap();
    }
    text.bytes().fold(14695981039346656037, |hash: u64, byte| (hash ^ byte as u64).wrapping_mul(1099511628211))
}

#[no_mangle]
pub extern "C" fn convert(x: f64, y: f32) -> i64 {
    (x as i64).wrapping_add(y as i64).wrapping_add(x as u8 as i64).wrapping_add(y as u32 as i64)
}
