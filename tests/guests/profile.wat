;; A guest whose functions take known shares of its time, for tests/test_profile.py: "three" runs its loop three times as
;; often as "one" does; "calls" does nothing but call.
(module
  (import "env" "wait" (func $wait))
  (memory (export "memory") 1)
  (func $one (param $n i32)
    (loop $again
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $again (local.get $n))))
  (func $three (param $n i32)
    (local.set $n (i32.mul (local.get $n) (i32.const 3)))
    (loop $again
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $again (local.get $n))))
  (func $run (export "run") (param $rounds i32) (param $n i32)
    (loop $again
      (call $one (local.get $n))
      (call $three (local.get $n))
      (local.set $rounds (i32.sub (local.get $rounds) (i32.const 1)))
      (br_if $again (local.get $rounds))))
  ;; Calls so fast that no other thread can read the stack between two.
  (func $leaf_a (param $n i32) (result i32) (i32.add (local.get $n) (i32.const 1)))
  (func $leaf_b (param $n i32) (result i32) (i32.sub (local.get $n) (i32.const 1)))
  (func $branch_a (param $n i32) (result i32) (call $leaf_a (local.get $n)))
  (func $branch_b (param $n i32) (result i32) (call $leaf_b (local.get $n)))
  (func $calls (export "calls") (param $n i32)
    (loop $again
      (local.set $n (call $branch_b (call $branch_a (call $branch_b (local.get $n)))))
      (br_if $again (local.get $n))))
  (func $waits (export "waits") (call $wait))
  (func $deep (export "deep") (param $depth i32) (param $n i32)
    (if (local.get $depth)
      (then (call $deep (i32.sub (local.get $depth) (i32.const 1)) (local.get $n)))
      (else (call $one (local.get $n)))))
  (func (export "nameless") (param $n i32)
    (loop $again
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $again (local.get $n))))
  (func $trap (export "trap") (param $n i32)
    (call $one (local.get $n))
    (unreachable)))
