;; Grows its memory until it is refused, then gives up.
(loop $more (br_if $more (i32.ne (memory.grow (i32.const 64)) (i32.const -1))))
unreachable
