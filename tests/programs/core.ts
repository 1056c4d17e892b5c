// core.ts: what AssemblyScript makes of a library; tests/toolchains.py builds and calls it. Classes with methods
// that others replace, interfaces, first-class functions, generics, arrays, maps, strings, garbage.
interface Named {
  name(): string;
}

abstract class Shape implements Named {
  abstract area(): f64;
  name(): string { return "shape"; }
}

class Square extends Shape {
  constructor(public side: f64) { super(); }
  area(): f64 { return this.side * this.side; }
  name(): string { return "square " + this.side.toString(); }
}

class Circle extends Shape {
  constructor(public radius: f64) { super(); }
  area(): f64 { return this.radius * this.radius * 3.25; }
}

export function shapes(count: i32): f64 {
  const all = new Array<Shape>();
  for (let i = 0; i < count; i++) all.push(i % 3 ? new Circle(<f64>i / 2) : new Square(<f64>i));
  let total = 0.0;
  for (let i = 0; i < all.length; i++) total += all[i].area() + <f64>all[i].name().length;
  return total;
}

export function sorted(count: i32): i32 {
  const numbers = new Array<i32>();
  for (let i = 0; i < count; i++) numbers.push(i * 7919 % 1009);
  numbers.sort((a, b) => b - a);
  return numbers.map<i32>((value, index) => value * (index + 1)).reduce((sum, value) => sum ^ value, 0);
}

export function words(count: i32): i64 {
  const counts = new Map<string, i32>();
  for (let i = 0; i < count; i++) {
    const key = "key-" + (i * i % 101).toString(16);
    counts.set(key, (counts.has(key) ? counts.get(key) : 0) + 1);
  }
  let hash: u64 = 14695981039346656037;
  const keys = counts.keys();
  for (let i = 0; i < keys.length; i++) {
    const text = keys[i] + "=" + counts.get(keys[i]).toString();
    for (let at = 0; at < text.length; at++) hash = (hash ^ <u64>text.charCodeAt(at)) * 1099511628211;
  }
  return <i64>hash;
}

export function convert(x: f64, y: f32): i64 {
  return <i64>x + <i64>(<i32>y);
}
