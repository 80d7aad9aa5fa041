// Children of node: output, exit status, signals, messages over a socket pair, and worker threads beside them.
const { execFileSync, spawn, fork } = require('child_process');
const { Worker, isMainThread, parentPort } = require('worker_threads');

if (!isMainThread) {
	parentPort.postMessage(6 * 7);
} else if (process.argv[2] === 'child') {
	process.on('message', m => { process.send(m * 2); process.disconnect(); });
} else {
	console.log(execFileSync('/bin/echo', ['echo']).toString().trim());
	const cat = spawn('/bin/cat');
	let text = '';
	cat.stdout.on('data', d => text += d);
	cat.on('close', code => {
		console.log('cat', text, code);
		const sleeper = spawn('/bin/sleep', ['100']);
		sleeper.on('exit', (code, signal) => {
			console.log('sleep', code, signal);
			const child = fork(__filename, ['child']);
			child.on('message', m => console.log('child', m));
			child.on('exit', code => {
				console.log('exit', code);
				new Worker(__filename).on('message', m => console.log('worker', m));
			});
			child.send(21);
		});
		sleeper.kill('SIGTERM');
	});
	cat.stdin.end('through a pipe');
}
