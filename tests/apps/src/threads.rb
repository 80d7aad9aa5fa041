# Threads, a queue, fork, a pipe and fibers.
q = Queue.new
workers = 4.times.map { |i| Thread.new { 100.times { |n| q << n + i } } }
workers.each(&:join)
sum = 0
sum += q.pop until q.empty?
r, w = IO.pipe
pid = fork { r.close; w.write "child #{[1, 2, 3].sum}"; w.close; exit! 3 }
w.close
text = r.read
Process.wait pid
f = Fiber.new { Fiber.yield 1; 2 }
puts "sum #{sum} #{text} status #{$?.exitstatus} fiber #{f.resume} #{f.resume}"
