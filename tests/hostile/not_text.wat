;; Answers with an error whose text is not UTF-8.
(i32.store8 (i32.const 256) (i32.const 1))
(i32.store8 (i32.const 400) (i32.const 0xff))
(i32.store (i32.const 260) (i32.const 400))
(i32.store (i32.const 264) (i32.const 1))
(i32.const 256)
