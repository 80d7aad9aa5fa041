// std threads, mutex and channel.
use std::sync::{mpsc, Arc, Mutex};
use std::thread;

fn main() {
    let sum = Arc::new(Mutex::new(0));
    let handles: Vec<_> = (0..100)
        .map(|i| {
            let sum = Arc::clone(&sum);
            thread::spawn(move || *sum.lock().unwrap() += i)
        })
        .collect();
    for h in handles {
        h.join().unwrap();
    }
    let (tx, rx) = mpsc::channel();
    let sender = thread::spawn(move || {
        for i in 0..1000u64 {
            tx.send(i).unwrap();
        }
    });
    let total: u64 = rx.iter().sum();
    sender.join().unwrap();
    println!("sum {} channel {}", *sum.lock().unwrap(), total);
}
