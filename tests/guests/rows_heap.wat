;; A kernel over rows whose module has a heap of its own, which takes all of memory: rows lie where malloc says
;; (tests/test_row_kernels.py). It has nothing for more than 100,000 bytes, and lies above 50,000.
(module
  (memory (export "memory") 1)
  (func (export "malloc") (param i32) (result i32)
    (if (i32.gt_u (local.get 0) (i32.const 100000)) (then (return (i32.const 0))))
    (if (i32.gt_u (local.get 0) (i32.const 50000)) (then (return (i32.const 0xfffffff0))))
    (i32.const 1030))
  ;; Where x lies.
  (func (export "place") (param $row i32) (param $x i32)
    (i32.store (local.get $x) (local.get $x))))
