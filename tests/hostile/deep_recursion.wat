;; Calls itself without end.
(call $evaluate (local.get 0) (local.get 1))
