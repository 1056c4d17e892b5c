//! wasi_tree: an ordinary Rust program: lists a directory and what is below it, with sizes, in order.
//!
//!     zcwasm run --dir . examples/wasi_tree.wasm .
//!
//! Built by `python buildtools/guests.py` where Debian's rustc and libstd-rust-dev-wasm32 are installed.

use std::fs;
use std::io;
use std::path::Path;
use std::process::exit;

fn walk(path: &Path, depth: usize) -> io::Result<u64> {
    let mut entries = fs::read_dir(path)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(|entry| entry.file_name());
    let mut total = 0;
    for entry in entries {
        let kind = entry.file_type()?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let indent = "  ".repeat(depth);
        if kind.is_dir() {
            println!("{}{}/", indent, name);
            total += walk(&entry.path(), depth + 1)?;
        } else {
            let size = entry.metadata()?.len();
            println!("{}{} {}", indent, name, size);
            total += size;
        }
    }
    Ok(total)
}

fn main() {
    for root in std::env::args().skip(1) {
        match walk(Path::new(&root), 0) {
            Ok(total) => println!("{}: {} bytes", root, total),
            Err(error) => {
                eprintln!("{}: {}", root, error);
                exit(2);
            }
        }
    }
}
