;; The limit: dot products of little-endian words mod 2^64 and 2^128 and nothing else, written straight down.
(module
  ;; 0..256 KiB: four coefficient vectors. 256..320 KiB: a mask.
  (memory (export "memory") 5 5)

  ;; High half of the 128-bit product of two words.
  (func $mulhi (param $a i64) (param $b i64) (result i64)
    (local $al i64) (local $ah i64) (local $bl i64) (local $bh i64)
    (local $m1 i64) (local $m2 i64)
    (local.set $al (i64.and (local.get $a) (i64.const 0xffffffff)))
    (local.set $ah (i64.shr_u (local.get $a) (i64.const 32)))
    (local.set $bl (i64.and (local.get $b) (i64.const 0xffffffff)))
    (local.set $bh (i64.shr_u (local.get $b) (i64.const 32)))
    (local.set $m1 (i64.add
      (i64.mul (local.get $ah) (local.get $bl))
      (i64.shr_u (i64.mul (local.get $al) (local.get $bl)) (i64.const 32))))
    (local.set $m2 (i64.add
      (i64.mul (local.get $al) (local.get $bh))
      (i64.and (local.get $m1) (i64.const 0xffffffff))))
    (i64.add
      (i64.add (i64.mul (local.get $ah) (local.get $bh)) (i64.shr_u (local.get $m1) (i64.const 32)))
      (i64.shr_u (local.get $m2) (i64.const 32))))

  ;; sum of a[j] * b[j] mod 2^64, j < n
  (func (export "dot64") (param $a i32) (param $b i32) (param $n i32) (result i64)
    (local $end i32) (local $sum i64)
    (local.set $end (i32.add (local.get $a) (i32.shl (local.get $n) (i32.const 3))))
    (loop $next
      (local.set $sum (i64.add (local.get $sum)
        (i64.mul (i64.load (local.get $a)) (i64.load (local.get $b)))))
      (local.set $a (i32.add (local.get $a) (i32.const 8)))
      (local.set $b (i32.add (local.get $b) (i32.const 8)))
      (br_if $next (i32.lt_u (local.get $a) (local.get $end))))
    (local.get $sum))

  ;; sum of a[j] * b[j] mod 2^128, j < n: low half, high half
  (func (export "dot128") (param $a i32) (param $b i32) (param $n i32) (result i64 i64)
    (local $end i32) (local $al i64) (local $bl i64) (local $lo i64) (local $sum i64) (local $high i64)
    (local.set $end (i32.add (local.get $a) (i32.shl (local.get $n) (i32.const 4))))
    (loop $next
      (local.set $al (i64.load (local.get $a)))
      (local.set $bl (i64.load (local.get $b)))
      (local.set $lo (i64.mul (local.get $al) (local.get $bl)))
      (local.set $sum (i64.add (local.get $sum) (local.get $lo)))
      (local.set $high (i64.add
        (i64.add (local.get $high) (i64.extend_i32_u (i64.lt_u (local.get $sum) (local.get $lo))))
        (i64.add
          (call $mulhi (local.get $al) (local.get $bl))
          (i64.add
            (i64.mul (local.get $al) (i64.load offset=8 (local.get $b)))
            (i64.mul (i64.load offset=8 (local.get $a)) (local.get $bl))))))
      (local.set $a (i32.add (local.get $a) (i32.const 16)))
      (local.set $b (i32.add (local.get $b) (i32.const 16)))
      (br_if $next (i32.lt_u (local.get $a) (local.get $end))))
    (local.get $sum)
    (local.get $high)))
