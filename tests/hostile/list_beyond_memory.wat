;; Claims two thousand million violations.
(i32.store (i32.const 260) (i32.const 4096))
(i32.store (i32.const 264) (i32.const 0x7fffffff))
(i32.const 256)
