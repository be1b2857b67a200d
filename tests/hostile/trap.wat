;; Gives up at once.
unreachable
