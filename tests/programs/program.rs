//! program.rs: an ordinary Rust program for WASI; tests/toolchains.py builds it, runs it and compares what it prints.
use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::{self, BufRead, Write};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    println!("{:?} {:?}", arguments, env::var("NAME"));
    fs::create_dir("/data/folder")?;
    let mut file = fs::File::create("/data/folder/new")?;
    for i in 0..1000u64 {
        writeln!(file, "{} {:.3} {}", i * i, (i as f64).sqrt(), if i % 2 == 0 { "even" } else { "odd" })?;
    }
    drop(file);
    let mut sums: BTreeMap<String, (u64, f64)> = BTreeMap::new();
    for line in io::BufReader::new(fs::File::open("/data/folder/new")?).lines() {
        let line = line?;
        let words: Vec<&str> = line.split(' ').collect();
        let entry = sums.entry(words[2].to_string()).or_insert((0, 0.0));
        entry.0 += words[0].parse::<u64>()?;
        entry.1 += words[1].parse::<f64>()?;
    }
    println!("{:#?}", sums);
    fs::rename("/data/folder/new", "/data/moved")?;
    fs::remove_dir("/data/folder")?;
    let names: Vec<_> = fs::read_dir("/data")?.map(|entry| entry.unwrap().file_name()).collect();
    println!("{:?} {:?}", names, fs::metadata("/data/moved")?.len());
    for line in io::stdin().lock().lines() {
        let line = line?;
        println!("{}", line.chars().rev().collect::<String>());
    }
    eprintln!("{}", "x".parse::<i32>().unwrap_err());
    std::process::exit(arguments.len() as i32);
}
