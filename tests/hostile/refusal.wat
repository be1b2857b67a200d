;; Says itself that it cannot answer, with its name as the reason.
(i32.store8 (i32.const 256) (i32.const 1))
(i32.store (i32.const 260) (i32.const 16))
(i32.store (i32.const 264) (i32.const 7))
(i32.const 256)
