// Goroutines over channels, timers, and memory that the collector has to move through.
package main

import (
	"fmt"
	"os/exec"
	"runtime"
	"sync"
	"time"
)

func worker(id int, in <-chan int, out chan<- int, wg *sync.WaitGroup) {
	defer wg.Done()
	for n := range in {
		keep := make([][]byte, 64)
		for i := range keep {
			keep[i] = make([]byte, 1024)
			keep[i][n%1024] = 1
		}
		out <- n * len(keep)
	}
}

func main() {
	in, out := make(chan int), make(chan int, 16)
	var wg sync.WaitGroup
	for i := 0; i < 8; i++ {
		wg.Add(1)
		go worker(i, in, out, &wg)
	}
	go func() {
		for n := 0; n < 2000; n++ {
			in <- n
		}
		close(in)
		wg.Wait()
		close(out)
	}()
	sum := 0
	for n := range out {
		sum += n
	}
	runtime.GC()
	select {
	case <-time.After(20 * time.Millisecond):
	}
	// Preempted by a signal: it never calls anything.
	done := make(chan bool)
	go func() {
		time.Sleep(10 * time.Millisecond)
		done <- true
	}()
	go func() {
		for {
		}
	}()
	<-done
	text, err := exec.Command("/bin/echo", "child").Output()
	fmt.Printf("sum %d %s%v\n", sum, text, err)
}
