;; A guest that implements the contract by hand and allows everything; a test puts one hostile function in
;; the place of a harmless one. Records lie in memory as the canonical ABI wants them.
(module
  (memory (export "memory") 1)
  (global $heap (mut i32) (i32.const 4096))
  (data (i32.const 16) "hostile")
  (data (i32.const 32) "1.0.0")
  (data (i32.const 48) "{}")
  ;; description: name, version, documentation, settings-schema, facts, supplies
  (data (i32.const 64)
    "\10\00\00\00\07\00\00\00" "\20\00\00\00\05\00\00\00" "\10\00\00\00\00\00\00\00"
    "\30\00\00\00\02\00\00\00" "\10\00\00\00\00\00\00\00" "\00\00\00\00")
  ;; At 256 there are zeros: `ok` with nothing in it.
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at (global.get $heap))
    (global.set $heap (i32.and (i32.add (i32.add (global.get $heap) (local.get 3)) (i32.const 15)) (i32.const -16)))
    (block $fits
      (loop $grow
        (br_if $fits (i32.le_u (global.get $heap) (i32.mul (memory.size) (i32.const 65536))))
        (br_if $grow (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))
        unreachable))
    (local.get $at))
  (func (export "tollgate:policy/rule@1.0.0#describe") (result i32) ;;DESCRIBE
  )
  (func (export "tollgate:policy/rule@1.0.0#configure") (param i32 i32) (result i32) ;;CONFIGURE
  )
  (func (export "tollgate:policy/rule@1.0.0#supply") (param i32 i32) (result i32)
    (i32.const 256))
  (func $evaluate (export "tollgate:policy/rule@1.0.0#evaluate") (param i32 i32) (result i32) ;;EVALUATE
  )
)
