;; Never ends.
(loop $for_ever (br $for_ever))
(i32.const 256)
