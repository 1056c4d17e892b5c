;; What tests/test_cli.py runs: no imports, several results, and functions that misbehave.
(module $command
  (func (export "boom") (call $bad))
  (func $bad (unreachable))
  (func (export "swap") (param i64 i64) (result i64 f32)
    (local.get 1) (f32.convert_i64_s (local.get 0)))
  (func (export "spin") (loop $again (br $again))))
