// What tests/test_guest_memory.py calls: strings, arrays, errors.
const greeting = "hello, ";

export function greet(name: string): string {
  return greeting + name;
}

export function length(text: string): i32 {
  return text.length;
}

export function squares(count: i32): Float64Array {
  const result = new Float64Array(count);
  for (let i = 0; i < count; i++) result[i] = <f64>i * i;
  return result;
}

export function list(count: i32): Array<i32> {
  const result = new Array<i32>();
  for (let i = 0; i < count; i++) result.push(1 - i);
  return result;
}

export function fixed(count: i32): StaticArray<u16> {
  const result = new StaticArray<u16>(count);
  for (let i = 0; i < count; i++) result[i] = <u16>(3 * i);
  return result;
}

export function words(): Array<string> {
  return ["one", "two"];
}

export function add_bytes(buffer: ArrayBuffer): i32 {
  const bytes = Uint8Array.wrap(buffer);
  let sum = 0;
  for (let i = 0; i < bytes.length; i++) sum += bytes[i];
  return sum;
}

export function fail(why: string): void {
  throw new Error(why);
}

export function say(what: string): void {
  trace(what, 3, 1.5, 2, -3);
  console.warn(what);
}

export function random(): f64 {
  return Math.random();
}

trace("begins");
