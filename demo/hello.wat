;; The workspace of the demonstration: a WASI (preview 1) command. Reads the tenant's words from
;; standard input and answers with their number of bytes and their 64-bit FNV-1a digest, so that
;; whoever gets the answer can check that it was computed from what was asked.
(module
	(import "wasi_snapshot_preview1" "fd_read"
		(func $fd_read (param i32 i32 i32 i32) (result i32)))
	(import "wasi_snapshot_preview1" "fd_write"
		(func $fd_write (param i32 i32 i32 i32) (result i32)))

	;; 0..8 one I/O vector, 8..12 the count that WASI gives back, 64.. the answer, 4096.. the input.
	(memory (export "memory") 2)
	(data (i32.const 64) "usufruct answers: ")
	(data (i32.const 128) "0123456789abcdef")

	(global $end (mut i32) (i32.const 82))

	(func $put (param $byte i32)
		(i32.store8 (global.get $end) (local.get $byte))
		(global.set $end (i32.add (global.get $end) (i32.const 1))))

	;; Writes a number in decimal.
	(func $put_decimal (param $n i32)
		(if (i32.ge_u (local.get $n) (i32.const 10))
			(then (call $put_decimal (i32.div_u (local.get $n) (i32.const 10)))))
		(call $put (i32.add (i32.const 48) (i32.rem_u (local.get $n) (i32.const 10)))))

	;; Writes a word as 16 hexadecimal digits.
	(func $put_hex (param $n i64)
		(local $digits i32)
		(loop $next
			(call $put (i32.load8_u (i32.add (i32.const 128)
				(i32.wrap_i64 (i64.shr_u (local.get $n) (i64.const 60))))))
			(local.set $n (i64.shl (local.get $n) (i64.const 4)))
			(local.set $digits (i32.add (local.get $digits) (i32.const 1)))
			(br_if $next (i32.lt_u (local.get $digits) (i32.const 16)))))

	;; Reads until the end or 64 KiB; gives the number of bytes.
	(func $read_all (result i32)
		(local $total i32)
		(block $done
			(loop $more
				(br_if $done (i32.ge_u (local.get $total) (i32.const 65536)))
				(i32.store (i32.const 0) (i32.add (i32.const 4096) (local.get $total)))
				(i32.store (i32.const 4) (i32.sub (i32.const 65536) (local.get $total)))
				(br_if $done (call $fd_read
					(i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
				(br_if $done (i32.eqz (i32.load (i32.const 8))))
				(local.set $total (i32.add (local.get $total) (i32.load (i32.const 8))))
				(br $more)))
		(local.get $total))

	(func $fnv1a (param $length i32) (result i64)
		(local $at i32)
		(local $hash i64)
		(local.set $hash (i64.const 0xcbf29ce484222325))
		(block $done
			(loop $next
				(br_if $done (i32.ge_u (local.get $at) (local.get $length)))
				(local.set $hash (i64.mul
					(i64.xor (local.get $hash)
						(i64.load8_u (i32.add (i32.const 4096) (local.get $at))))
					(i64.const 0x100000001b3)))
				(local.set $at (i32.add (local.get $at) (i32.const 1)))
				(br $next)))
		(local.get $hash))

	(func (export "_start")
		(local $length i32)
		(local.set $length (call $read_all))
		(call $put_decimal (local.get $length))
		(call $put (i32.const 32)) ;; a space
		(call $put_hex (call $fnv1a (local.get $length)))
		(call $put (i32.const 10)) ;; a line feed
		(i32.store (i32.const 0) (i32.const 64))
		(i32.store (i32.const 4) (i32.sub (global.get $end) (i32.const 64)))
		(drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
