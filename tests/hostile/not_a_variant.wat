;; Answers with neither ok nor error.
(i32.store8 (i32.const 256) (i32.const 7))
(i32.const 256)
