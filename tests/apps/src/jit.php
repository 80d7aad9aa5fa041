<?php // Hot functions for the JIT, with opcache on: prints what the JIT says of itself.
function fib($n) { return $n < 2 ? $n : fib($n - 1) + fib($n - 2); }
function sieve($n) {
	$a = array_fill(0, $n, true);
	for ($i = 2; $i * $i < $n; $i++)
		for ($j = $i * $i; $a[$i] && $j < $n; $j += $i)
			$a[$j] = false;
	$c = 0;
	for ($i = 2; $i < $n; $i++)
		$c += $a[$i] ? 1 : 0;
	return $c;
}
echo fib(18), " ", sieve(20000), "\n";
$s = opcache_get_status(false);
echo "jit ", $s['jit']['enabled'] ? "on" : "off", " ", $s['jit']['buffer_free'] < $s['jit']['buffer_size'] ? "used" : "empty", "\n";
echo trim(shell_exec("/bin/echo from a shell")), "\n";
