;; Claims that its answer lies beyond its memory.
(i32.const 0x7ffffff0)
