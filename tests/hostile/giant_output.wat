;; 100,000 violations in a claimed list, all of whose texts are the same 60 KiB.
;; violation record, 96 bytes wide at most: filled with one pointer and one length over and over.
(local $at i32)
(drop (memory.grow (i32.const 400)))
(local.set $at (i32.const 65536))
(loop $fill
  (i32.store (local.get $at) (i32.const 0))
  (i32.store (i32.add (local.get $at) (i32.const 4)) (i32.const 61440))
  (local.set $at (i32.add (local.get $at) (i32.const 8)))
  (br_if $fill (i32.lt_u (local.get $at) (i32.const 16777216))))
(i32.store (i32.const 260) (i32.const 65536))
(i32.store (i32.const 264) (i32.const 100000))
(i32.const 256)
